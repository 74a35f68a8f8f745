#include <algorithm>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/failure.hpp"

namespace evenkeel::cli {
namespace {

using client::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr seconds kPollMost{20};  // of one request

struct Condition {
    std::string field;
    std::string value;
};

bool waits_for_all(const Condition& condition) {
    return condition.field == "compliance" && condition.value == "compliant";
}

// A verdict holds when some resource has it; `compliant` when every one has that can have it:
// `unwatched` are unknown and stay so.
bool holds(const json::Value& host, const Condition& condition, std::int64_t unwatched) {
    if (condition.field != "compliance") return host.string_or(condition.field) == condition.value;
    const json::Value& counts = host["compliance"];
    if (!waits_for_all(condition)) return counts.integer_or(condition.value) > 0;
    return counts.integer_or("drifted") + counts.integer_or("failed") == 0 &&
           counts.integer_or("unknown") <= unwatched;
}

// How many of the host's resources are under the policy off: nobody looks at them.
std::int64_t count_unwatched(client::Client& client, const json::Value& host) {
    const json::Value& counts = host["compliance"];
    const bool alone = counts.integer_or("drifted") + counts.integer_or("failed") == 0;
    if (!alone || counts.integer_or("unknown") == 0) return 0;
    const auto unknown =
        client.resources(host.string_or("id"), "", narrowed({}, "compliance.status", "unknown"));
    if (!unknown) return 0;
    return std::count_if(unknown->begin(), unknown->end(),
                         [](const client::Resource& one) { return one.policy == "off"; });
}

// Says of what is not as described and what nothing repairs that the wait may be in vain.
void tell_unrepaired(client::Client& client, const std::string& name, const json::Value& host) {
    constexpr std::size_t kNamedMost = 5;
    std::string names;
    std::size_t count = 0;
    for (const char* verdict : {"drifted", "failed"}) {
        if (host["compliance"].integer_or(verdict) == 0) continue;
        const auto found =
            client.resources(host.string_or("id"), "", narrowed({}, "compliance.status", verdict));
        if (!found) return;
        for (const client::Resource& one : *found) {
            if (one.policy == "enforce" || ++count > kNamedMost) continue;
            names += (names.empty() ? "" : ", ") + one.collection + " " + one.id + " (" +
                     one.policy + ", " + verdict + ")";
        }
    }
    if (count == 0) return;
    if (count > kNamedMost) names += " and " + std::to_string(count - kNamedMost) + " more";
    Output::message("host " + name +
                    ": nothing repairs what is not under the policy enforce: " + names);
}

client::Result<std::vector<Condition>> read_conditions(const std::vector<std::string>& given) {
    const std::vector<std::pair<std::string, std::vector<std::string>>> kKnown = {
        {"connection", {"never", "online", "offline"}},
        {"enrolment", {"pending", "active", "rejected", "held", "retired"}},
        {"compliance", {"compliant", "drifted", "unknown", "failed"}}};
    std::vector<Condition> conditions;
    for (const std::string& text : given) {
        const std::size_t equals = text.find('=');
        Condition one{text.substr(0, equals),
                      equals == std::string::npos ? "" : text.substr(equals + 1)};
        const auto known = std::find_if(kKnown.begin(), kKnown.end(), [&](const auto& entry) {
            return entry.first == one.field && std::find(entry.second.begin(), entry.second.end(),
                                                         one.value) != entry.second.end();
        });
        if (known == kKnown.end()) {
            std::vector<std::string> forms;
            for (const auto& [field, values] : kKnown)
                forms.push_back(field + "= with one of " + listed_in_words(values, "or"));
            return client::Failure{
                .kind = Kind::local,
                .detail = "--for takes " + listed_in_words(forms, "or") + ", not '" + text + "'"};
        }
        conditions.push_back(std::move(one));
    }
    return conditions;
}

// "connection is offline, not online" of the first condition that does not hold.
std::string unmet(const json::Value& host, const std::vector<Condition>& conditions,
                  std::int64_t unwatched) {
    for (const Condition& one : conditions) {
        if (holds(host, one, unwatched)) continue;
        if (one.field != "compliance") {
            return one.field + " is " + host.string_or(one.field, "not known") + ", not " +
                   one.value;
        }
        const json::Value& counts = host["compliance"];
        std::string out;
        for (const char* verdict : {"compliant", "drifted", "unknown", "failed"}) {
            out += out.empty() ? "of its resources are " : ", ";
            out += std::to_string(counts.integer_or(verdict)) + " " + verdict;
        }
        return out;
    }
    return "";
}

// The API tells of a change of this host; between two of them it is asked every 20 s.
Exit wait_host(Session& session, const std::string& name, const WaitOptions& options) {
    const auto conditions = read_conditions(options.conditions);
    if (!conditions) return session.fail(misused(conditions.error().detail));
    if (conditions->empty())
        return session.fail(misused("say what to wait for: --for connection=online"));
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto host = (*client)->host(name);
    if (!host) return session.fail(host.error());
    const auto until = Clock::now() + options.timeout;
    std::string since;
    std::string lacks;  // what did not hold when it was seen last
    for (;;) {
        const auto left = std::chrono::floor<seconds>(until - Clock::now());
        const auto wait = std::clamp(left, seconds(0), kPollMost);
        client::Request ask{.path = "/v1/hosts",
                            .query = {{"filter", "id = " + host->id}, {"since", since}}};
        if (!since.empty()) ask.query.emplace_back("wait", std::to_string(wait.count()) + "s");
        const auto reply = (*client)->send(ask);
        if (!reply && reply.error().status == 410) {
            since.clear();
        } else if (!reply && reply.error().status != 304) {
            return session.fail(reply.error());
        } else if (reply) {
            const auto page = json::parse(reply->body, {.bytes = 64 << 20});
            const json::Value none = json::Object{};
            const bool there =
                page && (*page)["items"].is_array() && !(*page)["items"].as_array().empty();
            const json::Value& now = there ? (*page)["items"].as_array().front() : none;
            const bool all = std::any_of(conditions->begin(), conditions->end(), waits_for_all);
            const std::int64_t unwatched = all ? count_unwatched(**client, now) : 0;
            if (std::all_of(conditions->begin(), conditions->end(),
                            [&](const Condition& one) { return holds(now, one, unwatched); })) {
                if (session.output().is_data()) session.output().data(json::write(now));
                Output::message("host " + name + ": " + listed_in_words(options.conditions));
                return Exit::done;
            }
            if (all && lacks.empty()) tell_unrepaired(**client, name, now);
            lacks = unmet(now, *conditions, unwatched);
            const auto revision = reply->headers.find("x-revision");
            since = revision == reply->headers.end() ? "" : revision->second;
        }
        if (Clock::now() + milliseconds(500) >= until) {
            return session.fail(
                {.kind = Kind::timeout, .detail = "host " + name + ": the time is over; " + lacks});
        }
    }
}

Exit wait_command(Session& session, const std::string& id, const WaitOptions& options) {
    if (!options.conditions.empty())
        return session.fail(misused("a command is waited for to its end"));
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto command = (*client)->command(id);
    if (!command) return session.fail(command.error());
    const auto ended = (*client)->wait(*command, options.timeout);
    if (!ended) return session.fail(ended.error());
    if (session.output().is_data()) session.output().data(ended->json);
    Output::message("command " + id + " " + ended->state);
    return exit_of(*ended);
}

}  // namespace

Exit wait(Session& session, const WaitOptions& options) {
    const std::size_t slash = options.target.find('/');
    const std::string kind = options.target.substr(0, slash);
    const std::string name = slash == std::string::npos ? "" : options.target.substr(slash + 1);
    if (kind == "host" && !name.empty()) return wait_host(session, name, options);
    if (kind == "command" && !name.empty()) return wait_command(session, name, options);
    return session.fail(misused("what to wait for is host/NAME or command/ID"));
}

}  // namespace evenkeel::cli
