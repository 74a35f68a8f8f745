#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cancel.hpp"
#include "model.hpp"
#include "plans.hpp"
#include "result.hpp"
#include "types.hpp"

// Calls of Evenkeel's REST API. Link with libcurl.
namespace evenkeel::client {

struct Config {
    std::string url = {};    // "http://127.0.0.1:7780" or "https://...", with a path prefix if any
    std::string token = {};  // a secret; empty for the few routes that need none
    std::string ca_file = {};                   // PEM of the CAs to trust; empty: the system's
    std::chrono::milliseconds timeout{30'000};  // one request, beside the wait it asks for
    int attempts = 4;                           // of one request, at least 1
    const Cancel* cancel = nullptr;  // outlives the Client; ends any call with Kind::cancelled
};

// The first line of the file at `path`, or of standard input when it is "-". 4 KiB at most.
Result<std::string> read_token(const std::string& path);

struct Request {
    std::string method = "GET";
    std::string path = {};  // "/v1/hosts": encoded, may carry a query
    std::vector<std::pair<std::string, std::string>> query =
        {};  // encoded by the call; empty left out
    std::string body = {};
    std::string content_type = "application/json";  // sent with a body only
    std::map<std::string, std::string> headers = {};
    std::chrono::seconds wait{0};  // Prefer: wait, 0 to 60
    // How much longer than ClientConfig::timeout the answer may take.
    std::chrono::seconds extra_time{0};
    // Idempotency-Key, 1 to 255 visible ASCII characters. Empty: one is made for each call that
    // changes something, and kept over its attempts.
    std::string key = {};
};

struct Reply {
    int status = 0;
    std::map<std::string, std::string> headers = {};  // names in lower case
    std::string body = {};
};

struct ChangeOptions {
    bool dry_run = false;          // say what would be done, store and change nothing
    bool overrides = false;        // put, remove and rollback: what assignments own, too
    std::chrono::seconds wait{0};  // up to 60: answer with the finished command
    std::string key = {};          // as Request::key
};
struct PutOptions : ChangeOptions {
    std::string policy = {};     // empty: the API's default
    std::string requires_ = {};  // JSON [{"collection","id"}]; empty: none
    std::string notifies = {};   // JSON [{"collection","id","action"}]; empty: none
    std::string if_match = {};   // an etag; empty: whatever is there
    bool create_only = false;    // fail with precondition-failed when described already
};
// Of a list: docs/rest.md has the grammar and each list's fields. Empty: all, in the API's order.
struct ListQuery {
    std::string filter = {};
    std::string order_by = {};
};
struct CommandQuery : ListQuery {
    std::string host = {};
    std::string state = {};
    std::size_t most = 0;  // the newest so many; 0: all
};
struct ComplianceQuery : ListQuery {
    std::string host = {};
    std::string collection = {};
    std::string status = {};
};
struct EventQuery {
    std::string host = {};
    std::string type = {};
    std::string since = {};  // an event's id; empty: from now
};
struct EventOptions {
    bool resume = true;  // after a loss connect again and go on behind the last event
    // Ends with success when all events up to this revision (see Client::revision) have come, and
    // hands out none past it; -1: never.
    std::int64_t until = -1;
    // Fails with Kind::timeout when nothing came for so long; 0: never.
    std::chrono::milliseconds idle{0};
    // Fails with Kind::timeout after so long, whatever has come; 0: never.
    std::chrono::milliseconds timeout{0};
    // The connection was lost and will be tried again. May be empty.
    std::function<void(const Failure&)> lost = {};
    // The events after the last one seen are no longer kept (410), or none was seen before the
    // connection was lost: true goes on from now, which leaves a gap; false, and an empty function,
    // ends with the failure.
    std::function<bool(const Failure&)> gap = {};
};

// Not safe for use by several threads at once; make one per thread. Blocks. Lists read every page.
// `host` is an id or a name, resource ids are plain text ("/etc/motd"). 429, 503 and lost
// connections are tried again, with back-off: what changes something is sent with a key under which
// it has its effect once.
class Client {
  public:
    // Kind::local when the configuration cannot be used: not a URL, or a token that would travel in
    // the clear to another machine. Does not connect.
    static Result<Client> open(Config config);
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;
    ~Client();

    Result<std::vector<Host>> hosts(const ListQuery& query = {});
    Result<Host> host(std::string_view host);
    // `patch`: JSON merge patch with "name", "environment" and "labels".
    Result<Host> update_host(std::string_view host, std::string patch);
    Result<> retire(std::string_view host);
    // Lets others have the name of a retired host before its 30 days are over.
    Result<Host> release_name(std::string_view host);
    // `uses` 1 or more; `expires_in` like "1h"; `labels` a JSON object or empty; `replaces` the
    // host whose place the machine takes, or empty; `environment` where the hosts are, or empty.
    Result<EnrolmentToken> create_enrolment_token(const std::string& name, int uses,
                                                  const std::string& expires_in,
                                                  const std::string& labels = "",
                                                  const std::string& replaces = "",
                                                  const std::string& environment = "");
    // Of somebody else, for a protected environment: hosts come in with it from then on.
    Result<EnrolmentToken> approve_enrolment_token(std::string_view id);

    Result<std::vector<Collection>> collections(std::string_view host, const ListQuery& query = {});
    Result<Collection> collection(std::string_view host, std::string_view name);

    // Those described on the host, all collections when `collection` is empty.
    Result<std::vector<Resource>> resources(std::string_view host, std::string_view collection = "",
                                            const ListQuery& query = {});
    // `live` asks the machine now instead of telling what was last seen.
    Result<Resource> resource(std::string_view host, std::string_view collection,
                              std::string_view id, bool live = false);
    // `description`: a JSON object.
    Result<Command> put(std::string_view host, std::string_view collection, std::string_view id,
                        const std::string& description, const PutOptions& options = {});
    Result<Command> remove(std::string_view host, std::string_view collection, std::string_view id,
                           const ChangeOptions& options = {});
    // Drops the description and leaves the machine as it is.
    Result<Command> forget(std::string_view host, std::string_view collection, std::string_view id,
                           const ChangeOptions& options = {});
    // What the resource was described as, the newest first: JSON objects as in docs/rest.md.
    Result<std::vector<std::string>> history(std::string_view host, std::string_view collection,
                                             std::string_view id);
    // Describes the resource as in a generation of its history.
    Result<Command> rollback(std::string_view host, std::string_view collection,
                             std::string_view id, std::uint64_t revision,
                             const ChangeOptions& options = {});
    // Runs an action once; `arguments` a JSON object or empty. The host must be connected.
    Result<Command> invoke(std::string_view host, std::string_view collection, std::string_view id,
                           const std::string& action, const std::string& arguments = "",
                           const ChangeOptions& options = {});
    // `file`: JSON {"resources":[{"collection","id","description","policy",
    // "requires","notifies"}]}, one command.
    Result<Command> apply(std::string_view host, const std::string& file,
                          const ChangeOptions& options = {});
    // The same on many hosts, one command each; 100 resources at most. With `wait` the answer comes
    // once all commands have ended or the time is over; a dry run finds only what is refused.
    Result<FleetApplied> apply_to_fleet(const Target& target, const std::string& file,
                                        const ChangeOptions& options = {});

    Result<std::vector<Command>> commands(const CommandQuery& query = {});
    Result<Command> command(std::string_view id);
    Result<> cancel(std::string_view id);
    // Until it is finished; Kind::timeout after `timeout`. A failed command is a result.
    Result<Command> wait(Command command, std::chrono::milliseconds timeout);

    Result<std::vector<Environment>> environments(const ListQuery& query = {});
    Result<Environment> environment(std::string_view name);
    // Of all scopes when `scope` is empty.
    Result<std::vector<Setting>> settings(std::string_view scope = "", const ListQuery& query = {});
    Result<Setting> setting(std::string_view scope, std::string_view key);
    // Which value each key has for the host; for the assignment's application when it is named.
    Result<std::vector<EffectiveSetting>> effective_settings(std::string_view host,
                                                             const std::string& assignment = "");
    // The newest version of each.
    Result<std::vector<Application>> applications(const ListQuery& query = {});
    Result<Application> application(std::string_view name, std::int64_t version = 0);
    Result<std::vector<Application>> application_versions(std::string_view name,
                                                          const ListQuery& query = {});
    Result<std::vector<Assignment>> assignments(const ListQuery& query = {});
    Result<Assignment> assignment(std::string_view name);
    // What the host shall have, all collections when `collection` is empty.
    Result<Wanted> wanted(std::string_view host, std::string_view collection = "");
    // `not-found` when nobody wants it, `does-not-compile` when the host does not.
    Result<WantedResource> wanted_resource(std::string_view host, std::string_view collection,
                                           std::string_view id);
    Result<Impact> impact(std::string_view scope, std::string_view key);

    // Sends what changes the model and so, at once, the hosts that it touches.
    Result<Edited> edit(const Edit& edit, const EditOptions& options = {});
    // The plan that the edit would be.
    Result<Plan> dry_run(const Edit& edit, const EditOptions& options = {});
    Result<std::vector<Plan>> plans(const ListQuery& query = {});
    Result<Plan> plan(std::string_view id);
    // Those beyond the ones that the plan itself shows.
    Result<std::vector<PlanGroup>> plan_groups(std::string_view id);
    Result<PlannedHost> planned_host(std::string_view id, std::string_view host);
    // Changes nothing yet. `live`: asks connected hosts, too, what they would do. `key` as
    // Request::key.
    Result<Plan> make_plan(const std::vector<Edit>& edits, bool live = false,
                           const std::string& key = "");
    // `hash` of the plan as it was seen: of another one nothing is approved or applied. Empty:
    // whatever it is now.
    Result<Plan> approve_plan(std::string_view id, const std::string& hash = "");
    Result<Plan> reject_plan(std::string_view id);
    // `stale-plan` when it would do something else by now; Failure::json has the fresh one as
    // `plan`.
    Result<Plan> apply_plan(std::string_view id, const std::string& hash = "",
                            std::chrono::seconds wait = {});
    // Until no connected host has anything to do for it; Kind::timeout after `timeout`.
    Result<Plan> wait(Plan plan, std::chrono::milliseconds timeout);

    Result<ComplianceReport> compliance(const ComplianceQuery& query = {});

    // Calls `on_event` for each event until it returns false. The callbacks may use other Clients,
    // not this one, and throw nothing.
    Result<> events(const EventQuery& query, const std::function<bool(const Event&)>& on_event,
                    const EventOptions& options = {});
    // Follows the list at `list.path`, with the host, state, filter ... in its query: calls
    // `on_changes` with the whole list as `added`, then with each step of what becomes of it, until
    // that returns false. A lost connection is told to `lost` (may be empty) and made again; what
    // comes after it goes on from what was told before, with nothing left out and nothing twice.
    // Fails with Kind::timeout after `timeout`; 0: never.
    Result<> watch(Request list,
                   const std::function<bool(const std::vector<ListChange>&)>& on_changes,
                   const std::function<void(const Failure&)>& lost = {},
                   std::chrono::milliseconds timeout = {});
    // The store's revision now; events up to it exist already.
    Result<std::int64_t> revision();

    // Any request; a status outside 2xx is a Failure.
    Result<Reply> send(const Request& request);
    // The items of every page of the list at `request.path`, as JSON text.
    Result<std::vector<std::string>> list(Request request);

    class Impl;

  private:
    Result<Plan> decide(std::string_view id, const char* verb, const std::string& hash,
                        std::chrono::seconds wait = {});

    explicit Client(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::client
