#include "orchestrator/api/metrics.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/json/counters.hpp"
#include "core/store/counters.hpp"
#include "orchestrator/api/api_result.hpp"
#include "orchestrator/api/event_feed.hpp"
#include "orchestrator/api/list_feed.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/hosts/fleet_totals.hpp"
#include "orchestrator/http/frame.hpp"
#include "orchestrator/http/server.hpp"
#include "orchestrator/state/changes.hpp"
#include "orchestrator/state/commands.hpp"
#include "orchestrator/state/hosts.hpp"

// /metrics
namespace evenkeel::api {
namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

std::string number(double value) {
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%.9g", value);
    return {text.data(), static_cast<std::size_t>(length)};
}

class Writer {
  public:
    // Begins a family; the samples follow.
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = "evenkeel_" + std::string(name);
        text.append("# HELP ").append(name_).append(" ").append(help).append("\n");
        text.append("# TYPE ").append(name_).append(" ").append(type).append("\n");
    }
    void sample(const Labels& labels, const std::string& value, std::string_view suffix = "") {
        text.append(name_).append(suffix);
        for (std::size_t i = 0; i < labels.size(); ++i) {
            text.append(i == 0 ? "{" : ",").append(labels[i].first).append("=\"");
            for (const char c : labels[i].second) {
                if (c == '\\' || c == '"') text += '\\';
                text += c;
            }
            text += '"';
        }
        text.append(labels.empty() ? " " : "} ").append(value).append("\n");
    }
    void sample(const Labels& labels, std::uint64_t value, std::string_view suffix = "") {
        sample(labels, std::to_string(value), suffix);
    }
    void one(std::string_view name, std::string_view type, std::string_view help,
             std::uint64_t value) {
        family(name, type, help);
        sample({}, value);
    }

    std::string text;

  private:
    std::string name_;
};

std::string method_label(std::string_view method) {
    constexpr std::string_view kKnown[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    const bool known = std::find(std::begin(kKnown), std::end(kKnown), method) != std::end(kKnown);
    return known ? std::string(method) : "other";
}

void write_hosts(const Context& context, Writer& out) {
    out.family("hosts", "gauge", "Active hosts by connection.");
    for (const std::string& connection : name_list<state::Connection>()) {
        const auto& hosts = context.totals.connections();
        const auto found = hosts.find(*find_name<state::Connection>(connection));
        out.sample({{"connection", connection}}, found == hosts.end() ? 0 : found->second);
    }
    const state::ComplianceCounts total = context.totals.resources(now_monotonic_ms());
    out.family("resources", "gauge", "Described resources of active hosts by verdict.");
    const auto sample = [&](const char* status, std::int64_t count) {
        out.sample({{"status", status}}, std::to_string(count));
    };
    sample("compliant", total.compliant);
    sample("drifted", total.drifted);
    sample("unknown", total.unknown);
    sample("failed", total.failed);
}

// Those that are not finished; the finished ones are counted as they end.
Result<void> write_commands(const state::View& view, Writer& out) {
    std::map<std::string, std::uint64_t> states = {{"queued", 0}, {"sent", 0}, {"running", 0}};
    states["queued"] = EK_TRY(view.commands().queued_count());
    for (const auto& [state, count] : EK_TRY(view.commands().accepted_counts())) {
        states[std::string(state::to_string(state))] += count;
    }
    out.family("commands", "gauge", "Commands that are not finished, by state.");
    for (const auto& [state, count] : states) out.sample({{"state", state}}, count);
    return {};
}

// The work that requests and reports cause: it must not grow with what they do not touch.
void write_work(Writer& out) {
    const store::Counters rows = store::counters();
    out.family("store_rows_total", "counter", "Rows of the store that were read and written.");
    out.sample({{"operation", "read"}}, rows.reads);
    out.sample({{"operation", "written"}}, rows.writes);
    const json::Counters texts = json::counters();
    out.family("json_texts_total", "counter", "JSON texts that were parsed and written.");
    out.sample({{"operation", "read"}}, texts.parses);
    out.sample({{"operation", "written"}}, texts.writes);
    out.family("json_bytes_total", "counter", "Bytes of these texts.");
    out.sample({{"operation", "read"}}, texts.parsed_bytes);
    out.sample({{"operation", "written"}}, texts.written_bytes);
}

// How much of the server's room is taken, and how often a caller found none.
void write_shares(const Context& context, Writer& out) {
    const http::Server* server = context.rest_server ? context.rest_server() : nullptr;
    if (!server) return;
    constexpr std::array kKinds = {"requests", "streams", "body_bytes", "reply_bytes"};
    static_assert(kKinds.size() == http::kShareKinds);
    const http::Shares::Counts& counts = server->shares();
    out.one("http_connections", "gauge", "Open connections.", server->connections());
    out.one("http_connections_refused_total", "counter",
            "Connections that were turned away because all others were busy.",
            server->turned_away());
    out.family("http_held", "gauge",
               "What callers hold: requests in work, streams, bytes of bodies and of replies.");
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        out.sample({{"what", kKinds.at(i)}}, counts.held.at(i));
    }
    out.family("http_held_refused_total", "counter",
               "Refused because one token (429), or all callers (503), held too much of it.");
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        out.sample({{"what", kKinds.at(i)}, {"limit", "token"}}, counts.refused_each.at(i));
        out.sample({{"what", kKinds.at(i)}, {"limit", "all"}}, counts.refused_all.at(i));
    }
}

}  // namespace

void Metrics::answered(std::string_view method, std::string_view route, int status,
                       double seconds) {
    const std::scoped_lock lock(mutex_);
    const std::string verb = method_label(method);
    const std::string where(route.empty() ? "none" : route);
    ++requests_[{verb, where, status}];
    Durations& durations = durations_[{verb, where}];
    ++durations.count;
    durations.sum += seconds;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
        if (seconds <= kBounds.at(i)) ++durations.buckets.at(i);
    }
}

void Metrics::listen(state::State& state) {
    state.listen([this, &state](const state::Changes& changes) {
        for (const state::Changes::Event& event : changes.events) ++events_[event.type];
        if (changes.ended_commands.empty()) return;
        const auto view = state.read();
        if (!view) return;
        for (const std::string& id : changes.ended_commands) {
            const auto ended = view->commands().state_of(id);
            if (!ended || !*ended) continue;
            ++finished_commands_[std::string(state::to_string(**ended))];
        }
    });
}

Result<void> Metrics::append_counted(const Context& context, const state::View& view,
                                     std::string& text) const {
    constexpr std::uint64_t kRest = 9;  // times as long as the counting
    const std::uint64_t begun = now_monotonic_ns();
    if (counted_.empty() || begun - counted_ns_ >= kRest * counting_ns_) {
        Writer out;
        write_hosts(context, out);
        EK_CHECK(write_commands(view, out));
        counted_ = std::move(out.text);
        counted_ns_ = now_monotonic_ns();
        counting_ns_ = counted_ns_ - begun;
    }
    text += counted_;
    return {};
}

Result<std::string> Metrics::text(const Context& context) const {
    Writer out;
    {
        const std::scoped_lock lock(mutex_);
        out.family("http_requests_total", "counter", "Answered requests.");
        for (const auto& [labels, count] : requests_) {
            const auto& [method, route, status] = labels;
            out.sample({{"method", method}, {"route", route}, {"status", std::to_string(status)}},
                       count);
        }
        out.family("http_request_duration_seconds", "histogram",
                   "From the whole request to its answer, or to the begin of a stream.");
        for (const auto& [labels, durations] : durations_) {
            Labels with = {{"method", labels.first}, {"route", labels.second}, {"le", ""}};
            for (std::size_t i = 0; i < kBounds.size(); ++i) {
                with.back().second = number(kBounds.at(i));
                out.sample(with, durations.buckets.at(i), "_bucket");
            }
            with.back().second = "+Inf";
            out.sample(with, durations.count, "_bucket");
            with.pop_back();
            out.sample(with, number(durations.sum), "_sum");
            out.sample(with, durations.count, "_count");
        }
    }
    const store::Env::Usage usage = EK_TRY(context.state.usage());
    out.one("store_used_bytes", "gauge", "What the store takes, without pages that are free again.",
            usage.used_bytes);
    out.one("store_limit_bytes", "gauge", "What it may take.", usage.map_bytes);
    const state::Snapshot view = EK_TRY(context.state.read());
    const store::Writer::Stats written = context.state.stats();
    out.one("store_writer_depth", "gauge", "Changes that wait for the disk.",
            context.state.depth());
    out.one("store_commits_total", "counter", "Transactions that were committed.", written.commits);
    out.one("store_committed_changes_total", "counter",
            "Changes in them; divided by the commits, the size of a commit.", written.works);
    out.one("store_revision", "counter", "The last revision.", EK_TRY(view.revision()));
    write_work(out);
    write_shares(context, out);
    out.one("event_streams", "gauge", "Open streams of events.", context.feed.size());
    out.one("list_watches", "gauge", "Lists that are watched or waited for.", context.lists.size());
    out.one("stream_frames_total", "counter",
            "Texts made for the two; one serves all clients that are sent it.",
            http::frames_made());
    EK_CHECK(append_counted(context, view, out.text));
    out.family("commands_finished_total", "counter", "Commands that have ended, by state.");
    for (const auto& [state, count] : finished_commands_) out.sample({{"state", state}}, count);
    out.family("events_total", "counter", "Events by type; drift is resource.drifted.");
    for (const auto& [type, count] : events_) out.sample({{"type", type}}, count);
    const bus::Bus::Traffic traffic = context.bus.traffic();
    out.family("bus_messages_total", "counter", "Messages from and to enrolled hosts.");
    out.sample({{"direction", "received"}}, traffic.received);
    out.sample({{"direction", "sent"}}, traffic.sent);
    return std::move(out.text);
}

}  // namespace evenkeel::api
