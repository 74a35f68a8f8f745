#include "sdk/tool/validate/answers.hpp"

#include <mutex>
#include <set>
#include <utility>

#include <sys/eventfd.h>

#include "core/base/text.hpp"
#include "core/base/time.hpp"

namespace evenkeel::validate {
namespace {

// Whose contexts are ours, so that any other is told from them without being touched.
struct Known {
    std::mutex mutex;
    std::set<const void*> contexts;
};
Known& known() {
    static auto* const instance = new Known;
    return *instance;
}

Diag diag_of(const ek_diag& diag) {
    return {diag.severity,     copy(diag.path), copy(diag.summary),
            copy(diag.detail), diag.status,     diag.retry_after_ms};
}

std::string shown(const Diag& diag) {
    return "severity " + std::to_string(diag.severity) + " \"" + diag.summary + "\"" +
           (diag.path.empty() ? "" : " at " + diag.path) +
           (diag.detail.empty() ? "" : ": " + diag.detail);
}

// The last call, for callbacks with a wrong context to be counted.
std::atomic<Answers*> g_latest{nullptr};

std::string shown(const Change& change) {
    return (change.about.empty() ? "" : change.about + " ") + change.path + " " +
           change.before.value_or("-") + " -> " + change.after.value_or("-") + " action " +
           std::to_string(change.action) + " outcome " + std::to_string(change.outcome) +
           (change.flags == 0 ? "" : " flags " + std::to_string(change.flags));
}

}  // namespace

Answers::Answers(Shape shape, CallOptions options) : options_(std::move(options)) {
    event_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    started_ns_ = now_monotonic_ns();
    const std::uint64_t most = options_.seconds * 1'000'000'000 + options_.milliseconds * 1'000'000;
    for (const std::string& stamp : options_.stamps)
        stamps_.push_back(stamp.empty() ? kAbsent : borrow(stamp));
    ek_out out{};
    out.ctx = this;
    out.item = on_item;
    out.state = on_state;
    out.change = on_change;
    out.diag = on_diag;
    out.progress = on_progress;
    out.output = on_output;
    out.about = on_about;
    out_ = std::make_unique<Placed<ek_out>>(shape, out, this);
    ek_call call{};
    call.flags = options_.flags;
    call.deadline_ns = most == 0 ? started_ns_ - 1 : started_ns_ + most;
    call.cancel_fd = event_.get();
    call.request_id = borrow("validate");
    call.out = out_->get();
    call.cancelled = is_cancelled;
    call.stamps = stamps_.empty() ? nullptr : stamps_.data();
    call.stamp_count = stamps_.size();
    call_ = std::make_unique<Placed<ek_call>>(shape, call, this);
    if (options_.cancelled) cancel();
    const std::lock_guard lock(known().mutex);
    known().contexts.insert(this);
    g_latest = this;
}

Answers::~Answers() {
    const std::lock_guard lock(known().mutex);
    known().contexts.erase(this);
}

void Answers::cancel() {
    cancelled_ = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof(one));
}

void Answers::finish(ek_status given) {
    status = given;
    took_ns = now_monotonic_ns() - started_ns_;
    finished_ = true;
    event_.reset();
}

Answers* Answers::self_of(void* ctx) {
    const std::lock_guard lock(known().mutex);
    if (known().contexts.count(ctx) != 0) return static_cast<Answers*>(ctx);
    if (g_latest != nullptr && known().contexts.count(g_latest) != 0) ++g_latest.load()->strange;
    return nullptr;
}

void Answers::sign() {
    if (++signs == options_.cancel_at) cancel();
}

bool Answers::admit() {
    if (finished_) {
        ++late;
        return false;
    }
    if (std::this_thread::get_id() != thread_) {
        ++foreign;
        return false;
    }
    sign();
    return true;
}

ek_status Answers::answer(bool counted) {
    if (counted && stopped_) {
        ++after_stop;
        return options_.stop_with;
    }
    if (counted && ++counted_ == options_.stop_at) {
        stopped_ = true;
        return options_.stop_with;
    }
    return cancelled_ ? EK_E_CANCELLED : EK_OK;
}

void Answers::complain(const char* what) {
    if (malformed.empty()) malformed = what;
}

std::optional<std::string> Answers::json_of(ek_str text, const char* what) {
    if (text.ptr == nullptr) return std::nullopt;
    if (!json::parse({text.ptr, text.len})) complain(what);
    return copy(text);
}

std::int32_t Answers::is_cancelled(const ek_call* call) noexcept {
    auto* self = static_cast<Answers*>(Placed<ek_call>::owner_of(call));
    if (std::this_thread::get_id() == self->thread_) self->sign();
    return self->cancelled_ ? 1 : 0;
}

ek_status Answers::on_item(void* ctx, const ek_item* item) noexcept {
    Answers* self = self_of(ctx);
    if (self == nullptr || !self->admit()) return EK_E_INTERNAL;
    if (item == nullptr || item->size < sizeof(ek_item)) {
        self->complain("an item is smaller than in ABI 1.0");
        return EK_E_INTERNAL;
    }
    Item told{copy(item->id), self->json_of(item->json, "an item's state is not JSON"),
              copy(item->stamp), item->flags, std::nullopt};
    if (item->error != nullptr) told.error = diag_of(*item->error);
    if (told.stamp.size() > 64) self->complain("a stamp is longer than 64 bytes");
    self->items.push_back(std::move(told));
    return self->answer(true);
}

ek_status Answers::on_state(void* ctx, const ek_state* state) noexcept {
    Answers* self = self_of(ctx);
    if (self == nullptr || !self->admit()) return EK_E_INTERNAL;
    if (state == nullptr || state->size < sizeof(ek_state)) {
        self->complain("a state is smaller than in ABI 1.0");
        return EK_E_INTERNAL;
    }
    self->states.push_back(self->json_of(state->json, "a state is not JSON").value_or(""));
    return self->answer(false);
}

ek_status Answers::on_change(void* ctx, const ek_change* change) noexcept {
    Answers* self = self_of(ctx);
    if (self == nullptr || !self->admit()) return EK_E_INTERNAL;
    if (change == nullptr || change->size < sizeof(ek_change)) {
        self->complain("a change is smaller than in ABI 1.0");
        return EK_E_INTERNAL;
    }
    self->changes.push_back({copy(change->path), change->action,
                             self->json_of(change->before, "a value before is not JSON"),
                             self->json_of(change->after, "a value after is not JSON"),
                             change->outcome, change->flags,
                             self->about.empty() ? "" : self->about.back()});
    return self->answer(true);
}

ek_status Answers::on_diag(void* ctx, const ek_diag* diag) noexcept {
    Answers* self = self_of(ctx);
    if (self == nullptr || !self->admit()) return EK_E_INTERNAL;
    if (diag == nullptr || diag->size < sizeof(ek_diag)) {
        self->complain("a diagnostic is smaller than in ABI 1.0");
        return EK_E_INTERNAL;
    }
    self->diags.push_back(diag_of(*diag));
    return self->answer(false);
}

ek_status Answers::on_progress(void* ctx, const ek_progress* progress) noexcept {
    Answers* self = self_of(ctx);
    if (self == nullptr || !self->admit()) return EK_E_INTERNAL;
    self->words.push_back(copy(progress->message));
    return self->answer(false);
}

ek_status Answers::on_output(void* ctx, const ek_output* output) noexcept {
    Answers* self = self_of(ctx);
    if (self == nullptr || !self->admit()) return EK_E_INTERNAL;
    self->words.push_back(copy(output->bytes));
    return self->answer(false);
}

ek_status Answers::on_about(void* ctx, const ek_subject* subject) noexcept {
    Answers* self = self_of(ctx);
    if (self == nullptr || !self->admit()) return EK_E_INTERNAL;
    self->about.push_back(copy(subject->id));
    return self->answer(false);
}

const Diag* Answers::error() const {
    for (const Diag& diag : diags)
        if (diag.severity == EK_SEV_ERROR && !diag.summary.empty()) return &diag;
    return nullptr;
}

std::string Answers::transcript() const {
    std::string text;
    for (const Item& item : items)
        text += "item " + item.id + " " + item.json.value_or("-") +
                (item.error ? " error " + shown(*item.error) : "") + "\n";
    for (const Change& change : changes) text += "change " + shown(change) + "\n";
    for (const std::string& state : states) text += "state " + state + "\n";
    for (const Diag& diag : diags) text += "diag " + shown(diag) + "\n";
    text += "answer " + status_name(status);
    constexpr std::size_t kLineMax = 2000;
    std::string lines;
    for (const std::string& line : split(text, '\n'))
        lines += (lines.empty() ? "" : "\n") + printable(line.substr(0, kLineMax));
    return lines;
}

json::Value Answers::value() const {
    json::Array told, changed, stated;
    for (const Item& item : items)
        told.emplace_back(json::Object{{"id", item.id}, {"json", item.json.value_or("")}});
    for (const Change& each : changes)
        changed.emplace_back(json::Object{{"path", each.path},
                                          {"before", each.before.value_or("")},
                                          {"after", each.after.value_or("")}});
    for (const std::string& state : states) stated.emplace_back(state);
    return json::Object{
        {"status", status}, {"items", told}, {"changes", changed}, {"states", stated}};
}

std::string Answers::said() const {
    std::string text;
    for (const Diag& diag : diags) text += diag.path + diag.summary + diag.detail + "\n";
    for (const std::string& word : words) text += word + "\n";
    return text;
}

std::string status_name(ek_status status) {
    static constexpr const char* kNames[] = {
        "EK_OK",        "EK_E_INVALID",     "EK_E_NOT_FOUND", "EK_E_UNSUPPORTED", "EK_E_DENIED",
        "EK_E_BUSY",    "EK_E_UNAVAILABLE", "EK_E_CONFLICT",  "EK_E_TIMEOUT",     "EK_E_CANCELLED",
        "EK_E_PARTIAL", "EK_E_INTERNAL",    "EK_E_STALE"};
    const bool known = status >= 0 && status <= EK_E_STALE;
    return (known ? kNames[status] : "an unknown status") + std::string(" (") +
           std::to_string(status) + ")";
}

}  // namespace evenkeel::validate
