#include <charconv>

#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/commands.hpp"

namespace evenkeel::cli {
namespace {

// Of what is kept: how long a silent stream is taken to be at its end.
constexpr std::chrono::milliseconds kQuiet{1'000};

std::string joined(std::string text, const std::string& more) {
    if (!text.empty() && !more.empty()) text += ", ";
    return text + more;
}

// What happened, from whichever of the known members of the event's data are there.
std::string detail_of(const json::Value& data) {
    std::string out;
    const json::Value& changes = data["changes"];
    const json::Value& fields = data["compliance"]["fields"];
    if (fields.is_array()) {
        for (const json::Value& field : fields.as_array()) {
            out =
                joined(out, field.string_or("path") + " " + brief(json::write(field["expected"])) +
                                " is " + brief(json::write(field["actual"])));
        }
    }
    if (out.empty() && changes.is_array()) {
        for (const json::Value& change : changes.as_array()) {
            out =
                joined(out, change.string_or("path") + " " + brief(json::write(change["before"])) +
                                " to " + brief(json::write(change["after"])));
        }
    }
    out = joined(out, data["compliance"].string_or("reason"));
    for (const char* member : {"verb", "state", "enrolment", "connection", "reason"}) {
        out = joined(out, data.string_or(member));
    }
    return joined(out, data["error"].string_or("detail"));
}

std::string line_of(Session& session, const client::Event& event) {
    const auto parsed = json::parse(event.data);
    const json::Value data = parsed ? *parsed : json::Value();
    std::string host = data.string_or("host");
    if (host.empty() && event.source.starts_with("/v1/hosts/")) host = event.source.substr(10);
    if (!host.empty()) host = session.host_name(host);
    std::string line = event.time + "  " + event.type + "  " + host + "  " + event.subject;
    if (const std::string detail = detail_of(data); !detail.empty()) line += "  " + detail;
    line = printable(line);
    const std::size_t width = session.output().look().width;
    return (width > 0 ? shortened(line, width) : line) + "\n";
}

// The number behind the last '-' of "<stream>-<revision>", or -1.
std::int64_t revision_of(const std::string& id) {
    const std::size_t dash = id.rfind('-');
    if (dash == std::string::npos) return -1;
    const auto number = parse_number(std::string_view(id).substr(dash + 1));
    return number ? static_cast<std::int64_t>(*number) : -1;
}

}  // namespace

Exit events(Session& session, const EventOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    // What is kept has an end; what comes from now on has none.
    const bool kept_only = !options.follow && !options.since.empty();
    std::int64_t end = -1;
    if (kept_only) {
        const auto revision = (*client)->revision();
        if (!revision) return session.fail(revision.error());
        end = *revision;
    }
    if (!session.output().is_json()) session.host_name("");  // reads the names, see there
    std::string last_id;
    const auto on_event = [&](const client::Event& event) {
        if (session.output().is_json()) session.output().json_line(event.json);
        else session.output().text(line_of(session, event));
        if (!event.id.empty()) last_id = event.id;
        const bool arrived = session.output().flush();
        return arrived && !(kept_only && revision_of(event.id) >= end);
    };
    client::EventOptions how{.resume = options.follow};
    if (kept_only) how.idle = kQuiet;
    how.lost = [](const client::Failure& failure) {
        Output::message("connection lost (" + failure.detail + "); resuming");
    };
    how.gap = [&options](const client::Failure& failure) {
        Output::failure(failure);
        if (options.follow) Output::message("events are missing here; going on from now");
        return options.follow;
    };
    const auto done = (*client)->events(
        {.host = options.host, .type = options.type, .since = options.since}, on_event, how);
    if (done) return Exit::done;
    if (done.error().kind != client::Kind::cancelled) return session.fail(done.error());
    if (!last_id.empty()) Output::message("go on with: ek events --follow --since " + last_id);
    return Exit::interrupted;
}

}  // namespace evenkeel::cli
