#include "core/plugin/answers.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"

namespace evenkeel::plugin {
namespace {

// All that one call may answer, as it weighs in memory, and one value of it.
constexpr std::size_t kAnswerBytesMax = 128u << 20;
constexpr std::size_t kRecordBytes = 128;
constexpr std::size_t kValueBytesMax = 1u << 20;
constexpr std::size_t kDiagsMax = 1000;
// A sentence of a diagnostic is cut here.
constexpr std::size_t kSentenceMax = 4096;
// So is a line of progress.
constexpr std::size_t kProgressMax = 256;

constexpr std::size_t kStampMax = 64;

// What JSON takes in memory: a value for each comma, colon and bracket, besides the text.
std::size_t weight_of(ek_str text) {
    constexpr std::size_t kValueBytes = 48;
    const auto is_structure = [](char letter) {
        return letter == ',' || letter == ':' || letter == '[' || letter == '{';
    };
    if (text.ptr == nullptr) return 0;
    if (text.len > kValueBytesMax) return text.len;
    const auto values = std::count_if(text.ptr, text.ptr + text.len, is_structure);
    return text.len + kValueBytes * static_cast<std::size_t>(values);
}

std::string sentence(ek_str text) {
    return printable(head(text, kSentenceMax));
}

// What numbers of a later minor of the ABI count as (plugin.h).
wire::Action action_of(std::int32_t action) {
    const bool known = action >= EK_ACT_SET && action <= EK_ACT_REPLACE;
    return known ? static_cast<wire::Action>(action - EK_ACT_SET) : wire::Action::set;
}
wire::Outcome outcome_of(std::int32_t outcome, bool dry_run) {
    if (outcome >= EK_OUT_PLANNED && outcome <= EK_OUT_SKIPPED)
        return static_cast<wire::Outcome>(outcome - EK_OUT_PLANNED);
    return dry_run ? wire::Outcome::planned : wire::Outcome::done;
}
wire::Needs needs_of(std::uint32_t flags) {
    if ((flags & EK_CHG_NEEDS_REBOOT) != 0) return wire::Needs::reboot;
    return (flags & EK_CHG_NEEDS_RESTART) != 0 ? wire::Needs::restart : wire::Needs::nothing;
}

std::size_t bytes_kept_of(const ek_diag& diag) {
    return std::min(diag.path.len, kSentenceMax) + std::min(diag.summary.len, kSentenceMax) +
           std::min(diag.detail.len, kSentenceMax);
}

Diagnostic diagnostic_of(const ek_diag& diag) {
    return {severity_of(diag.severity), sentence(diag.path), sentence(diag.summary),
            sentence(diag.detail),      diag.status,         diag.retry_after_ms};
}

}  // namespace

Answers::Answers(const Call& call, std::uint32_t flags)
    : request_id_(call.request_id),
      cancel_(call.cancel),
      heard_ns_(call.heard_ns),
      progress_(call.progress) {
    note_callback();
    const auto timeout = std::chrono::nanoseconds(call.timeout).count();
    out_ = {sizeof(ek_out), 0,       this,        on_item,   on_state,
            on_change,      on_diag, on_progress, on_output, on_about};
    frame_.self = this;
    frame_.call = {sizeof(ek_call),
                   flags,
                   now_monotonic_ns() + static_cast<std::uint64_t>(timeout),
                   cancel_ != nullptr ? cancel_->fd() : -1,
                   0,
                   borrow(request_id_),
                   &out_,
                   is_cancelled,
                   nullptr,
                   0};
}

void Answers::know(const std::vector<ek_str>& stamps) {
    frame_.call.stamps = stamps.data();
    frame_.call.stamp_count = stamps.size();
}

std::int32_t Answers::is_cancelled(const ek_call* call) noexcept {
    const Answers* self = reinterpret_cast<const Frame*>(call)->self;
    self->note_callback();
    return self->cancel_ != nullptr && self->cancel_->cancelled() ? 1 : 0;
}

void Answers::note_callback() const {
    if (heard_ns_ != nullptr) *heard_ns_ = now_monotonic_ns();
}

std::optional<Error> Answers::cancelled_for() const {
    if (cancel_ == nullptr || !cancel_->cancelled()) return std::nullopt;
    return cancel_->why();
}

ek_status Answers::taken() const {
    return cancel_ != nullptr && cancel_->cancelled() ? EK_E_CANCELLED : EK_OK;
}

ek_status Answers::breaks(std::string rule) {
    if (broken_rule_.empty()) broken_rule_ = std::move(rule);
    return EK_E_INTERNAL;
}

bool Answers::admit(std::size_t bytes) {
    if (std::this_thread::get_id() != thread_) {
        // Nothing else of this object may be touched from here.
        wrong_thread_ = true;
        return false;
    }
    note_callback();
    bytes_ += bytes;
    if (bytes != 0) ++records_;
    if (bytes_ > kAnswerBytesMax)
        breaks("a call answers more than 128 MiB, in " + std::to_string(records_) + " records");
    return broken_rule_.empty();
}

std::optional<json::Value> Answers::value_of(ek_str text, const char* what) {
    auto value = json::parse({text.ptr, text.len}, {.bytes = kValueBytesMax});
    if (value) return std::move(*value);
    breaks(std::string(what) + " that is not good JSON: " + value.error().what);
    return std::nullopt;
}

std::optional<Error> Answers::error_of(const ek_diag& diag) {
    const Diagnostic told = diagnostic_of(diag);
    if (told.summary.empty()) {
        breaks("an item fails without saying why");
        return std::nullopt;
    }
    return Error{told.status == EK_OK ? Errc::unavailable : errc_of(told.status),
                 sentence_of(told)};
}

ek_status Answers::on_item(void* ctx, const ek_item* item) noexcept {
    auto& self = *static_cast<Answers*>(ctx);
    if (!is_whole(item)) return self.breaks("an item is too small");
    if (!self.admit(kRecordBytes + item->id.len + weight_of(item->json))) return EK_E_INTERNAL;
    Item told{copy(item->id), {}, {}};
    if (told.id.empty() || !is_utf8(told.id)) return self.breaks("an item without a good id");
    if (item->stamp.len > kStampMax) return self.breaks("a stamp is longer than 64 bytes");
    told.stamp = copy(item->stamp);
    told.unchanged = (item->flags & EK_ITEM_UNCHANGED) != 0;
    if (item->error != nullptr) {
        if (!is_whole(item->error)) return self.breaks("a diagnostic is too small");
        told.error = self.error_of(*item->error);
        if (!told.error) return EK_E_INTERNAL;
    } else if (item->json.ptr != nullptr && !told.unchanged) {
        auto state = self.value_of(item->json, "an item with a state");
        if (!state) return EK_E_INTERNAL;
        if (!state->is_object()) return self.breaks("an item's state is no object");
        told.state = std::move(*state);
    }
    self.items.push_back(std::move(told));
    return self.taken();
}

ek_status Answers::on_state(void* ctx, const ek_state* record) noexcept {
    auto& self = *static_cast<Answers*>(ctx);
    if (!is_whole(record)) return self.breaks("a state is too small");
    if (!self.admit(kRecordBytes + weight_of(record->json))) return EK_E_INTERNAL;
    if (!self.has_subject()) return self.breaks("a state comes before what it is about");
    if (self.about_->state) return self.breaks("a call sends two states");
    auto state = self.value_of(record->json, "a state");
    if (!state) return EK_E_INTERNAL;
    if (!state->is_object()) return self.breaks("a state is no object");
    self.about_->state = std::move(*state);
    return self.taken();
}

ek_status Answers::on_change(void* ctx, const ek_change* change) noexcept {
    auto& self = *static_cast<Answers*>(ctx);
    if (!is_whole(change)) return self.breaks("a change is too small");
    if (!self.admit(kRecordBytes + change->path.len + weight_of(change->before) +
                    weight_of(change->after)))
        return EK_E_INTERNAL;
    if (!self.has_subject()) return self.breaks("a change comes before what it is about");
    ReportedChange reported;
    reported.flags = change->flags;
    reported.change.path = copy(change->path);
    reported.change.action = action_of(change->action);
    reported.change.outcome = outcome_of(change->outcome, self.is_dry_run());
    reported.change.needs = needs_of(change->flags);
    if (!reported.change.path.starts_with('/') || !is_utf8(reported.change.path))
        return self.breaks("a change's path is no pointer");
    for (const auto& [from, to] : {std::pair(change->before, &reported.change.before),
                                   std::pair(change->after, &reported.change.after)}) {
        if (from.ptr == nullptr) continue;
        auto value = self.value_of(from, "a change with a value");
        if (!value) return EK_E_INTERNAL;
        *to = std::move(*value);
    }
    self.about_->changes.push_back(std::move(reported));
    return self.taken();
}

ek_status Answers::on_diag(void* ctx, const ek_diag* diag) noexcept {
    auto& self = *static_cast<Answers*>(ctx);
    if (!is_whole(diag)) return self.breaks("a diagnostic is too small");
    std::vector<Diagnostic>& diags = self.about_->diags;
    // Of too many words, those that say why it failed are kept.
    const bool is_reason =
        diag->severity == EK_SEV_ERROR && diag->summary.len > 0 && self.about_->error() == nullptr;
    const bool is_kept = diags.size() < kDiagsMax || is_reason;
    if (!self.admit(is_kept ? kRecordBytes + bytes_kept_of(*diag) : 0)) return EK_E_INTERNAL;
    if (is_kept) diags.push_back(diagnostic_of(*diag));
    return self.taken();
}

ek_status Answers::on_about(void* ctx, const ek_subject* subject) noexcept {
    auto& self = *static_cast<Answers*>(ctx);
    if (!is_whole(subject)) return self.breaks("a subject is too small");
    if (!self.admit(0)) return EK_E_INTERNAL;
    const std::string name = copy(subject->id);
    const auto entry = std::find_if(self.entries.begin(), self.entries.end(),
                                    [&](const Part& part) { return part.id == name; });
    if (entry == self.entries.end())
        return self.breaks("it answers about \"" + printable(name.substr(0, kSentenceMax)) +
                           "\", which was not asked for");
    entry->mentioned = true;
    self.about_ = &*entry;
    return self.taken();
}

ek_status Answers::on_progress(void* ctx, const ek_progress* progress) noexcept {
    auto& self = *static_cast<Answers*>(ctx);
    if (!is_whole(progress)) return self.breaks("a record of progress is too small");
    if (!self.admit(0)) return EK_E_INTERNAL;
    if (self.progress_) {
        self.progress_({self.about_->id, std::min(progress->permille, 1000u),
                        printable(head(progress->message, kProgressMax))});
    }
    return self.taken();
}

ek_status Answers::on_output(void* ctx, const ek_output* output) noexcept {
    auto& self = *static_cast<Answers*>(ctx);
    if (!is_whole(output)) return self.breaks("a record of output is too small");
    // What is not kept costs nothing, so it does not count.
    if (!self.admit(0)) return EK_E_INTERNAL;
    if (output->bytes.ptr != nullptr)
        self.about_->output.add({output->bytes.ptr, output->bytes.len});
    return self.taken();
}

std::string Answers::broken_rule() const {
    return wrong_thread_ ? "an answer comes from another thread than the call" : broken_rule_;
}

const Diagnostic* Part::error() const {
    for (const Diagnostic& diag : diags)
        if (diag.severity == EK_SEV_ERROR && !diag.summary.empty()) return &diag;
    return nullptr;
}

std::string sentence_of(const Diagnostic& error) {
    return error.summary + (error.path.empty() ? "" : " (" + error.path + ")") +
           (error.detail.empty() ? "" : ": " + error.detail);
}

const Diagnostic* Answers::error() const {
    if (const Diagnostic* error = whole.error()) return error;
    for (const Part& entry : entries)
        if (const Diagnostic* error = entry.error()) return error;
    return nullptr;
}

std::optional<std::string> Answers::error_text() const {
    const Diagnostic* first = error();
    return first ? std::optional(sentence_of(*first)) : std::nullopt;
}

}  // namespace evenkeel::plugin
