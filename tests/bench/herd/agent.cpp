#include "agent.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/base/id.hpp"
#include "core/base/time.hpp"

namespace evenkeel::herd {
namespace {

// As link::Dialer and the agent's Uplink have them.
constexpr std::chrono::milliseconds kBackoffBase{1'000};
constexpr std::chrono::milliseconds kBackoffCap{60'000};
constexpr std::uint64_t kLastingNs = 5'000'000'000;
constexpr std::uint64_t kConnectNs = 30'000'000'000;
constexpr std::uint64_t kHelloNs = 30'000'000'000;
constexpr std::uint64_t kReleasePauseNs = 1'000'000'000;
constexpr std::size_t kInFlightMost = 64;
constexpr std::size_t kPageMost = 2'000;

enum Target : std::size_t { kEvents, kReplies };
// Tokens of what is no event.
constexpr std::uint64_t kOther = std::uint64_t{1} << 63;

json::Value facts_of(const std::string& name) {
    return json::Object{{"os", json::Object{{"id", "debian"},
                                            {"version_id", "12"},
                                            {"name", "Debian GNU/Linux 12 (bookworm)"}}},
                        {"kernel", json::Object{{"release", "6.1.0-18-amd64"}}},
                        {"architecture", "x86_64"},
                        {"hostname", name},
                        {"cpus", 2},
                        {"memory_bytes", std::int64_t{4} << 30},
                        {"addresses", json::Array{"192.0.2.1", "2001:db8::1"}}};
}

json::Value state_of_file() {
    return json::Object{
        {"type", "file"},
        {"mode", "0644"},
        {"owner", "root"},
        {"group", "root"},
        {"size", 2048},
        {"sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
        {"mtime", "2026-11-23T05:36:53.120Z"}};
}

wire::Compliance compliance(wire::Verdict status, wire::SeenBy seen_by) {
    wire::Compliance made;
    made.status = status;
    made.reason.clear();
    made.since = now_rfc3339();
    made.seen_by = std::string(to_string(seen_by));
    return made;
}

wire::ResourceResult done(const wire::ResourceRequest& asked) {
    wire::ResourceResult result;
    result.ref = asked.ref;
    result.action = asked.action;
    result.generation = asked.generation;
    result.outcome = wire::Outcome::done;
    if (!asked.description.is_object()) return result;
    result.changes.push_back({.path = "/mode",
                              .before = "0600",
                              .after = "0644",
                              .action = wire::Action::set,
                              .outcome = wire::Outcome::done});
    result.state = state_of_file();
    result.compliance = compliance(wire::Verdict::compliant, wire::SeenBy::apply);
    return result;
}

json::Value reference(const wire::Ref& ref) {
    return json::Object{{"collection", ref.collection}, {"id", ref.id}};
}

}  // namespace

Agent::Agent(Herd& herd, const Identity& identity, std::size_t number, Key key,
             Certificate certificate)
    : herd_(herd),
      number_(number),
      host_(identity.host),
      name_(identity.name),
      key_(std::move(key)),
      certificate_(std::move(certificate)),
      stream_(make_id("stream")),
      instance_(make_id("run")),
      backoff_(kBackoffBase, kBackoffCap, herd.random) {}

void Agent::start(std::chrono::nanoseconds wait) {
    dial_ns_ = now_monotonic_ns() + static_cast<std::uint64_t>(wait.count()) + 1;
    set_timer();
}

void Agent::mark() {
    tries_ = 0;
    online_ns_ = 0;
}

void Agent::set_timer() {
    std::uint64_t next = 0;
    for (const std::uint64_t one : {dial_ns_, deadline_ns_, beat_ns_, retry_ns_}) {
        if (one != 0 && (next == 0 || one < next)) next = one;
    }
    herd_.poller.call_at(*this, next);
}

void Agent::on_due(std::uint64_t now_ns) {
    if (dial_ns_ != 0 && dial_ns_ <= now_ns) dial(now_ns);
    if (deadline_ns_ != 0 && deadline_ns_ <= now_ns) on_ended();
    if (beat_ns_ != 0 && beat_ns_ <= now_ns) beat(now_ns);
    if (retry_ns_ != 0 && retry_ns_ <= now_ns) {
        retry_ns_ = 0;
        sent_seq_ = outbox_.empty() ? last_seq_ : outbox_.begin()->first - 1;
        pump();
    }
    if (link_) link_->on_ready();
    check_link();
    set_timer();
}

void Agent::dial(std::uint64_t now_ns) {
    dial_ns_ = 0;
    auto stream = TlsStream::dial(herd_.tls, address_of_agent(number_), herd_.orchestrator,
                                  key_.get(), certificate_.get());
    if (!stream) {
        ++herd_.counts.refused;
        return on_ended();
    }
    deadline_ns_ = now_ns + kConnectNs;
    link_ = std::make_unique<Link>(*std::move(stream),
                                   Link::Plan{.mechanism = "EXTERNAL",
                                              .container_id = host_,
                                              .source = wire::agent_address(host_),
                                              .targets = {std::string(wire::kEventsAddress),
                                                          std::string(wire::kRepliesAddress)}},
                                   *this);
    herd_.poller.watch(link_->fd(), *this);
}

void Agent::on_ready() {
    if (!link_) return;
    link_->on_ready();
    check_link();
    set_timer();
}

void Agent::check_link() {
    if (link_ && link_->has_ended()) on_ended();
}

void Agent::count_ending() const {
    const TlsStream& stream = link_->stream();
    if (online_) {
        ++herd_.counts.lost;
    } else if (!stream.was_connected()) {
        ++herd_.counts.refused;
    } else if (!stream.was_answered()) {
        ++herd_.counts.before_tls;
    } else if (!stream.was_open()) {
        ++herd_.counts.in_tls;
    } else {
        ++herd_.counts.after_tls;
    }
}

void Agent::on_ended() {
    const std::uint64_t now_ns = now_monotonic_ns();
    if (link_) {
        count_ending();
        if (link_->stream().was_connected() && !online_) ++tries_;
    }
    if (online_) backoff_.reset(now_ns - up_ns_ > kLastingNs ? 0 : 1);
    if (online_) --herd_.counts.online;
    online_ = false;
    link_.reset();
    in_flight_ = 0;
    up_ns_ = deadline_ns_ = beat_ns_ = retry_ns_ = 0;
    dial_ns_ =
        now_ns + static_cast<std::uint64_t>(std::chrono::nanoseconds(backoff_.next()).count());
    set_timer();
}

void Agent::on_attached() {
    up_ns_ = now_monotonic_ns();
    deadline_ns_ = up_ns_ + kHelloNs;
    wire::AgentHello hello;
    hello.version = EVENKEEL_VERSION;
    hello.stream = stream_;
    hello.boot_id = "0e9d36e2-91c1-4b3c-8d3c-2f3fbd7a1c55";
    hello.instance = instance_;
    hello.name = name_;
    hello.facts = facts_of(name_);
    hello.collections = {{.name = "files",
                          .plugin = "files " EVENKEEL_VERSION,
                          .schema_sha256 = herd_.schema_sha256,
                          .schema_version = 1,
                          .actions = std::vector<std::string>{}}};
    hello.commands = commands_;
    hello.first_event = outbox_.empty() ? last_seq_ + 1 : outbox_.begin()->first;
    send(kEvents, wire::encode(hello));
}

void Agent::on_message(const Message& message) {
    heard_ns_ = now_monotonic_ns();
    auto decoded = wire::decode_to_agent(message.body);
    if (!decoded) return;
    if (const auto* hello = std::get_if<wire::OrchestratorHello>(&*decoded)) {
        on_hello(*hello);
    } else if (const auto* command = std::get_if<wire::Command>(&*decoded)) {
        on_command(*command);
    } else if (const auto* request = std::get_if<wire::Request>(&*decoded)) {
        on_request(*request, message);
    }
}

void Agent::on_hello(const wire::OrchestratorHello& hello) {
    if (online_) return;
    online_ = true;
    ++herd_.counts.online;
    ++herd_.counts.hellos;
    ++tries_;
    deadline_ns_ = 0;
    online_ns_ = heard_ns_;
    heartbeat_ns_ = static_cast<std::uint64_t>(std::chrono::nanoseconds(hello.heartbeat).count());
    if (hello.backoff_base.count() > 0) backoff_.set_base(hello.backoff_base);
    if (commands_.stream != hello.stream) commands_ = {.stream = hello.stream, .seq = 0};
    if (hello.events.stream == stream_)
        outbox_.erase(outbox_.begin(), outbox_.upper_bound(hello.events.seq));
    sent_seq_ = outbox_.empty() ? last_seq_ : outbox_.begin()->first - 1;
    pump();
    std::vector<wire::InventoryItem> items;
    for (const auto& [ref, generation] : held_) items.push_back({ref, generation});
    send(kEvents, wire::encode(wire::digest_of(hello.stream, std::move(items))));
    send(kEvents, wire::encode(wire::Heartbeat{}));
    // Spread, as the hellos are.
    beat_ns_ = heard_ns_ + heartbeat_ns_;
}

void Agent::beat(std::uint64_t now_ns) {
    if (now_ns - heard_ns_ > 3 * heartbeat_ns_ + heartbeat_ns_ / 2) return on_ended();
    link_->tick(now_ns / 1'000'000);
    send(kEvents, wire::encode(wire::Heartbeat{}));
    beat_ns_ = now_ns + heartbeat_ns_;
}

void Agent::on_command(const wire::Command& command) {
    if (command.seq <= commands_.seq) return;
    commands_ = {.stream = command.stream, .seq = command.seq};
    ++herd_.counts.commands;
    json::Array results;
    for (const wire::ResourceRequest& one : command.resources) {
        if (command.verb == wire::Verb::apply) held_[one.ref] = one.generation;
        if (command.verb == wire::Verb::remove || command.verb == wire::Verb::forget)
            held_.erase(one.ref);
        results.push_back(wire::encode(done(one)));
    }
    const wire::Event running{stream_, 0, wire::EventKind::command_running, now_rfc3339(),
                              json::Object{{"command", command.id}}};
    send(kEvents, wire::encode(running));
    add_event(wire::EventKind::command_outcome, json::Object{{"command", command.id},
                                                             {"state", "succeeded"},
                                                             {"resources", std::move(results)},
                                                             {"error", nullptr}});
}

void Agent::on_request(const wire::Request& request, const Message& message) {
    wire::Reply reply;
    if (request.verb == wire::RequestVerb::schema) {
        reply.result = json::Object{{"schema", herd_.schema},
                                    {"schema_version", 1},
                                    {"schema_sha256", herd_.schema_sha256}};
    } else if (request.verb == wire::RequestVerb::inventory) {
        reply.result = inventory_page(request.arguments);
    } else {
        reply.error = Error{Errc::unsupported, "there is no machine here"};
    }
    send(kReplies, wire::encode(reply), message.correlation_id);
}

json::Value Agent::inventory_page(const json::Value& arguments) const {
    const json::Value& after = arguments["after"];
    const std::size_t most = std::min<std::size_t>(
        kPageMost, static_cast<std::size_t>(arguments.integer_or("limit", kPageMost)));
    auto at = after.is_object()
                  ? held_.upper_bound({after.string_or("collection"), after.string_or("id")})
                  : held_.begin();
    json::Array items;
    json::Value last;
    for (; at != held_.end() && items.size() < most; ++at) {
        json::Object item = reference(at->first).as_object();
        last = item;
        item.set("generation", wire::encode(at->second));
        items.emplace_back(std::move(item));
    }
    if (at == held_.end()) last = nullptr;
    return json::Object{{"items", std::move(items)}, {"next", std::move(last)}};
}

bool Agent::drift() {
    if (!online_ || held_.empty()) return false;
    auto next = held_.upper_bound(drifted_last_);
    if (next == held_.end() || drifted_last_.id.empty()) {
        next = held_.begin();
        drifted_ = !drifted_;
    }
    const auto& [ref, generation] = *next;
    drifted_last_ = ref;
    wire::Compliance verdict = compliance(
        drifted_ ? wire::Verdict::drifted : wire::Verdict::compliant, wire::SeenBy::event);
    if (drifted_) verdict.fields.push_back({.path = "/mode", .expected = "0644", .actual = "0600"});
    json::Object data = reference(ref).as_object();
    data.set("policy", "report");
    data.set("generation", wire::encode(generation));
    data.set("compliance", wire::encode(verdict));
    data.set("changes", json::Array{});
    data.set("state", state_of_file());
    add_event(drifted_ ? wire::EventKind::resource_drifted : wire::EventKind::resource_restored,
              std::move(data));
    link_->on_ready();
    check_link();
    return true;
}

void Agent::add_event(wire::EventKind kind, json::Value data) {
    const wire::Event event{stream_, ++last_seq_, kind, now_rfc3339(), std::move(data)};
    outbox_.emplace(last_seq_,
                    Event{wire::encode(event), kind == wire::EventKind::command_outcome});
    pump();
}

void Agent::pump() {
    if (!online_ || retry_ns_ != 0) return;
    for (auto at = outbox_.upper_bound(sent_seq_);
         at != outbox_.end() && in_flight_ < kInFlightMost; ++at) {
        sent_seq_ = at->first;
        ++in_flight_;
        link_->send(kEvents, at->first, {.body = at->second.body, .durable = true});
    }
}

void Agent::on_settled(std::uint64_t token, Link::Answer answer) {
    if (answer == Link::Answer::accepted) heard_ns_ = now_monotonic_ns();
    if (token >= kOther) return;
    if (in_flight_ > 0) --in_flight_;
    const auto found = outbox_.find(token);
    if (answer == Link::Answer::released) {
        ++herd_.counts.released;
        retry_ns_ = now_monotonic_ns() + kReleasePauseNs;
    } else if (found != outbox_.end()) {
        if (answer == Link::Answer::rejected) {
            ++herd_.counts.rejected;
        } else {
            ++(found->second.is_outcome ? herd_.counts.outcomes_accepted
                                        : herd_.counts.drifts_accepted);
        }
        outbox_.erase(found);
    }
    pump();
}

void Agent::send(std::size_t target, std::string body, const std::string& correlation_id) {
    link_->send(target, kOther + ++other_tokens_,
                {.body = std::move(body), .correlation_id = correlation_id});
}

}  // namespace evenkeel::herd
