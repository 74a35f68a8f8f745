#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/commands.hpp"

namespace evenkeel::cli {

Exit version(Session& session, const VersionOptions& options) {
    json::Object shown{{"client", EVENKEEL_VERSION}};
    std::string text = "ek " EVENKEEL_VERSION "\n";
    Exit exit = Exit::done;
    // Without an orchestrator to ask there is one version only.
    if (!options.client && resolve(session.globals())) {
        const auto client = session.open();
        const auto reply = client ? (*client)->send({.path = "/version"}) : client.error();
        const auto told = reply ? json::parse(reply->body) : Result<json::Value>(json::Value());
        if (!reply) exit = session.fail(reply.error());
        if (told && told->is_object()) {
            text += "orchestrator " + printable(told->string_or("version")) + " at " +
                    session.config().url + "\n";
            shown.set("orchestrator", *told);
        }
    }
    if (session.output().is_data()) session.output().data(json::write(std::move(shown)));
    else session.output().text(text);
    return exit;
}

}  // namespace evenkeel::cli
