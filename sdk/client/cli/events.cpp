#include <algorithm>
#include <set>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/commands.hpp"

namespace evenkeel::cli {
namespace {

// What is shown without --since.
constexpr const char* kPast = "1h";
// How late an event is recorded before a line says so.
constexpr std::int64_t kLateMs = 60'000;

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
    const json::Value& backup = data["backup"];
    if (backup.is_object()) {
        const std::string made = backup.string_or("made");
        out = joined(out, "from a backup" + (made.empty() ? "" : " made " + made) + ", revision " +
                              std::to_string(backup.integer_or("revision")));
        out = joined(out, "earlier events are gone");
    }
    return joined(out, data["error"].string_or("detail"));
}

std::string host_of(const client::Event& event) {
    constexpr std::string_view kHosts = "/v1/hosts/";
    return event.source.starts_with(kHosts) ? event.source.substr(kHosts.size()) : "";
}

// Of an event that waited on its host, or whose host's clock is behind.
std::string late_recording(const client::Event& event) {
    const auto happened = from_rfc3339(event.time);
    const auto recorded = from_rfc3339(event.recorded_time);
    if (!happened || !recorded || *recorded - *happened < kLateMs) return "";
    return " (recorded " + event.recorded_time + ")";
}

std::string line_of(Session& session, const client::Event& event) {
    const auto parsed = json::parse(event.data);
    const json::Value data = parsed ? *parsed : json::Value();
    std::string host = data.string_or("host");
    if (host.empty()) host = host_of(event);
    if (!host.empty()) host = session.host_name(host);
    std::string line =
        event.time + late_recording(event) + "  " + event.type + "  " + host + "  " + event.subject;
    if (const std::string detail = detail_of(data); !detail.empty()) line += "  " + detail;
    line = printable(line);
    const std::size_t width = session.output().look().width;
    return (width > 0 ? shortened(line, width) : line) + "\n";
}

// The hosts whose events are wanted: the only one, for the API, or the ids of several.
struct Wanted {
    std::string only;
    std::set<std::string> ids;
};
client::Result<Wanted> choose_wanted(client::Client& client, const HostChoice& choice) {
    if (choice.empty()) return Wanted{};
    const auto chosen = choose_hosts(client, choice);
    if (!chosen) return chosen.error();
    if (chosen->size() == 1) return Wanted{chosen->front(), {}};
    const auto hosts = client.hosts();
    if (!hosts) return hosts.error();
    Wanted wanted;
    for (const client::Host& host : *hosts) {
        const bool meant = std::any_of(chosen->begin(), chosen->end(), [&](const auto& name) {
            return name == host.name || name == host.id;
        });
        if (meant) wanted.ids.insert(host.id);
    }
    return wanted;
}

// `end`: the revision that ends what is kept.
client::EventOptions how_to_read(const EventOptions& options, std::int64_t end) {
    const bool follow = options.follow;
    client::EventOptions how{.resume = follow};
    if (!follow) {
        how.until = end;
        how.idle = options.timeout;
    }
    how.lost = [](const client::Failure& failure) {
        Output::message("connection lost (" + failure.detail + "); resuming");
    };
    how.gap = [follow](const client::Failure& failure) {
        if (!follow) return false;
        Output::failure(failure);
        Output::message("events are missing here; going on from now");
        return true;
    };
    return how;
}

}  // namespace

Exit events(Session& session, const EventOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto wanted = choose_wanted(**client, options.hosts);
    if (!wanted) return session.fail(wanted.error());
    // What is kept has an end; what comes from now on has none.
    std::int64_t end = -1;
    if (!options.follow) {
        const auto revision = (*client)->revision();
        if (!revision) return session.fail(revision.error());
        end = *revision;
    }
    if (!session.output().is_data()) session.host_name("");  // reads the names, see there
    std::string last_id;
    bool any = false;
    const auto on_event = [&](const client::Event& event) {
        if (!event.id.empty()) last_id = event.id;
        if (!wanted->ids.empty() && !wanted->ids.contains(host_of(event))) return true;
        any = true;
        if (session.output().is_data()) session.output().data_line(event.json);
        else session.output().text(line_of(session, event));
        return session.output().flush();
    };
    const std::string since = options.since.empty() && !options.follow ? kPast : options.since;
    const auto done =
        (*client)->events({.host = wanted->only, .type = options.type, .since = since}, on_event,
                          how_to_read(options, end));
    if (done && !any && options.since.empty()) {
        Output::message("no events in the last hour; --since 7d shows older ones");
    }
    if (done) return Exit::done;
    if (done.error().kind != client::Kind::cancelled) return session.fail(done.error());
    if (!last_id.empty()) Output::message("go on with: ek events --follow --since " + last_id);
    return Exit::interrupted;
}

}  // namespace evenkeel::cli
