#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <evenkeel/plugin.h>

#include "core/json/json.hpp"
#include "core/plugin/collection.hpp"
#include "core/plugin/printed_output.hpp"
#include "core/wire/resource.hpp"

namespace evenkeel::plugin {

// A change that a plugin reports, with the flags that do not go on the wire.
struct ReportedChange {
    wire::Change change;
    std::uint32_t flags = 0;  // EK_CHG_
};

// A sentence that a plugin reports (ek_diag).
struct Diagnostic {
    std::int32_t severity = 0;  // EK_SEV_
    std::string path, summary, detail;
    ek_status status = 0;  // of this entry; 0: that of the call
    std::uint32_t retry_after_ms = 0;
};

// What was reported about one resource: of the whole call, or of one entry of apply_many.
struct Part {
    std::string id;          // empty: the whole call
    bool mentioned = false;  // of an entry: the plugin has reported about it
    std::optional<json::Value> state;
    std::vector<ReportedChange> changes;
    std::vector<Diagnostic> diags;
    PrintedOutput output;

    // The first error diagnostic, or null.
    const Diagnostic* error() const;
};
// Summary and detail as one sentence.
std::string sentence_of(const Diagnostic& error);

// The receiving end of one call to a plugin: the callbacks of its ek_call copy, parse and check
// what the plugin reports. The first broken rule of the ABI is kept, later ones do not matter. On
// the calling thread's stack for as long as the call runs. [lane]
class Answers {
  public:
    Answers(const Call& call, std::uint32_t flags);
    Answers(const Answers&) = delete;
    Answers& operator=(const Answers&) = delete;

    const ek_call* call() const { return &frame_.call; }

    // For a read, before it: the stamps that are known, by index; they outlive the call.
    void know(const std::vector<ek_str>& stamps);

    std::vector<Item> items;
    Part whole;
    std::vector<Part> entries;  // set before an apply_many, one for each id; else empty
    // The first rule that was broken; empty: none so far.
    std::string broken_rule() const;

    // Why the host wanted the call to end; nothing if it did not.
    std::optional<Error> cancelled_for() const;
    // The first error diagnostic, of the whole or else of an entry, or null.
    const Diagnostic* error() const;
    // The same as one sentence, or nothing.
    std::optional<std::string> error_text() const;

  private:
    // First member is what the plugin sees: from the ek_call it is given back we find ourselves.
    struct Frame {
        ek_call call;
        Answers* self;
    };

    static ek_status on_item(void* ctx, const ek_item* item) noexcept;
    static ek_status on_state(void* ctx, const ek_state* state) noexcept;
    static ek_status on_change(void* ctx, const ek_change* change) noexcept;
    static ek_status on_diag(void* ctx, const ek_diag* diag) noexcept;
    static ek_status on_progress(void* ctx, const ek_progress* progress) noexcept;
    static ek_status on_output(void* ctx, const ek_output* output) noexcept;
    static ek_status on_about(void* ctx, const ek_subject* subject) noexcept;
    static std::int32_t is_cancelled(const ek_call* call) noexcept;

    void note_callback() const;
    // Counts the bytes against the call's limit (0: nothing of it is kept, or little) and checks
    // the thread.
    bool admit(std::size_t bytes);
    ek_status breaks(std::string rule);
    // The answer to a record that is kept.
    ek_status taken() const;
    // Of an item that cannot be read; nothing, and a rule is broken, if it does not say why.
    std::optional<Error> error_of(const ek_diag& diag);
    bool is_dry_run() const { return (frame_.call.flags & EK_CALL_DRY_RUN) != 0; }
    // Whether a change or state may come now: an apply_many says first what it is about.
    bool has_subject() const { return entries.empty() || about_ != &whole; }
    std::optional<json::Value> value_of(ek_str text, const char* what);

    Part* about_ = &whole;
    Frame frame_{};
    ek_out out_{};
    std::string request_id_;
    const CancelSource* cancel_;
    std::atomic<std::uint64_t>* heard_ns_;
    std::function<void(const Progress&)> progress_;
    std::string broken_rule_;
    std::atomic<bool> wrong_thread_{false};
    std::thread::id thread_ = std::this_thread::get_id();
    std::size_t bytes_ = 0, records_ = 0;
};

}  // namespace evenkeel::plugin
