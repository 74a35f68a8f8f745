// The C++ client of the model against a real orchestrator, as EK_URL and EK_TOKEN_FILE name it,
// with the host web1 in default, which nobody waits for. Says where it first finds something else
// than it expects.
#include <cstdio>
#include <cstdlib>

#include "sdk/client/cpp/client.hpp"

#define EXPECT(what)                                                        \
    do {                                                                    \
        if (!(what)) {                                                      \
            std::fprintf(stderr, "line %d: not so: %s\n", __LINE__, #what); \
            std::exit(1);                                                   \
        }                                                                   \
    } while (false)

namespace {

using namespace evenkeel::client;

constexpr const char* kApplication =
    R"({"parameters":{"properties":{"port":{"type":"integer","default":80}}},"resources":[)"
    R"({"collection":"files","id":"/etc/port","description":{"content":"{{port}}\n"}}]})";

void objects(Client& client) {
    const auto made = client.edit({"PUT", environment_path("prod"), R"({"note":"n"})"}).value();
    EXPECT(!made.etag.empty() && made.plan.empty());
    const Environment prod = client.environment("prod").value();
    EXPECT(prod.note == "n" && prod.etag == made.etag && prod.json == made.json);
    EXPECT(client.environments({.filter = "note = n"}).value().size() == 1);
    const auto stale =
        client.edit({"PATCH", environment_path("prod"), R"({"note":"m"})"}, {.if_match = "\"1\""});
    EXPECT(!stale && stale.error().code == "precondition-failed");
    const auto again = client.edit({"PUT", environment_path("prod"), "{}"}, {.create_only = true});
    EXPECT(!again && again.error().status == 412);

    client.edit({"PUT", setting_path("environment:prod", "port"), R"({"value":8080})"}).value();
    client
        .edit({"PUT", setting_path("global", "port:other"),
               R"({"link":{"scope":"environment:prod","key":"port"}})"})
        .value();
    const Setting port = client.setting("environment:prod", "port").value();
    EXPECT(port.value == "8080" && !port.is_secret && !port.link);
    const auto settings = client.settings("global").value();
    EXPECT(settings.size() == 1 && settings[0].key == "port:other");
    EXPECT(settings[0].link->scope == "environment:prod" && settings[0].value == "null");
    EXPECT(client.settings().value().size() == 2);

    client.edit({"PUT", application_path("port"), kApplication}).value();
    client.edit({"PATCH", application_path("port"), R"({"note":"two"})"}).value();
    EXPECT(client.application("port").value().version == 2);
    EXPECT(client.application("port", 1).value().note.empty());
    EXPECT(client.application_versions("port").value().size() == 2);
    EXPECT(client.applications().value().at(0).note == "two");
}

void hosts(Client& client) {
    client.update_host("web1", R"({"environment":"prod"})").value();
    EXPECT(client.host("web1").value().environment == "prod");
    const Edit assigned{"PUT", assignment_path("port"),
                        R"({"application":"port","environment":"prod"})"};
    const Plan planned = client.dry_run(assigned).value();
    EXPECT(planned.id.empty() && planned.summary.hosts == 1 && planned.summary.added == 1);
    EXPECT(planned.groups.at(0).hosts.at(0) == "web1");
    EXPECT(planned.groups.at(0).resources.at(0).change == "add");
    EXPECT(client.assignments().value().empty());
    client.edit(assigned).value();
    const Assignment port = client.assignment("port").value();
    EXPECT(port.application == "port" && port.version == 0 && port.environment == "prod");
    EXPECT(port.is_enabled && !port.adopts && port.on_leave == "forget");
    const auto effective = client.effective_settings("web1", "port").value();
    EXPECT(effective.at(0).key == "other" && effective.at(0).from == "global");
    EXPECT(effective.at(1).value == "8080" && effective.at(1).from == "environment:prod");
    EXPECT(effective.at(1).overrides.empty() && effective.at(1).error.empty());
    const Wanted wanted = client.wanted("web1").value();
    EXPECT(wanted.status == "compiled" && wanted.items.size() == 1 && wanted.errors.empty());
    EXPECT(wanted.items[0].owners.at(0).assignment == "port");
    EXPECT(client.wanted("web1", "users").value().items.empty());
    const WantedResource file = client.wanted_resource("web1", "files", "/etc/port").value();
    EXPECT(file.json == wanted.items[0].json && file.collection == "files");
    const auto none = client.wanted_resource("web1", "files", "/none");
    EXPECT(!none && none.error().status == 404);
    const Impact impact = client.impact("environment:prod", "port").value();
    EXPECT(impact.hosts == 1 && impact.resources == 1 && impact.more_groups == 0);
    EXPECT(impact.groups.at(0).hosts.at(0) == "web1");
    EXPECT(impact.groups.at(0).resources.at(0).id == "/etc/port");
    const auto broken =
        client.edit({"PATCH", application_path("port"),
                     R"({"parameters":{"required":["absent"],"properties":{"absent":{}}}})"});
    EXPECT(!broken && broken.error().code == "does-not-compile");
}

void plans(Client& client) {
    const Edit edit{"PUT", setting_path("environment:prod", "port"), R"({"value":90})"};
    const Plan plan = client.make_plan({edit}).value();
    EXPECT(plan.state == "open" && !plan.hash.empty() && !plan.created_at.empty());
    EXPECT(plan.summary.hosts == 1 && plan.groups.at(0).count == 1 && !plan.requires_approval);
    EXPECT(client.plans({.filter = "state = open"}).value().at(0).id == plan.id);
    EXPECT(client.plan_groups(plan.id).value().empty());
    const PlannedHost host = client.planned_host(plan.id, "web1").value();
    EXPECT(host.name == "web1" && host.resources.at(0).id == "/etc/port");
    EXPECT(!host.resources.at(0).fields.at(0).after.empty());  // redacted: no schema is known
    const auto other = client.apply_plan(plan.id, std::string(64, '0'));
    EXPECT(!other && other.error().code == "stale-plan");
    EXPECT(client.apply_plan(plan.id, plan.hash).value().state == "applied");
    EXPECT(client.plan(plan.id).value().state == "applied");
    EXPECT(client.setting("environment:prod", "port").value().value == "90");
    const Plan second = client.make_plan({edit}).value();
    EXPECT(client.approve_plan(second.id).error().code == "approval-required");
    const Plan rejected = client.reject_plan(second.id).value();
    EXPECT(client.wait(rejected, std::chrono::seconds(1)).value().state == "rejected");
}

}  // namespace

int main() {
    Config config{.url = std::getenv("EK_URL")};
    config.token = read_token(std::getenv("EK_TOKEN_FILE")).value();
    Client client = Client::open(std::move(config)).value();
    objects(client);
    hosts(client);
    plans(client);
    std::puts("all is so");
}
