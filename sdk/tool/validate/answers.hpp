#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <evenkeel/plugin.h>

#include "core/base/fd.hpp"
#include "core/json/json.hpp"
#include "core/plugin/abi.hpp"
#include "sdk/tool/validate/placed.hpp"

namespace evenkeel::validate {

using plugin::borrow;
using plugin::copy;
using plugin::kAbsent;

struct Diag {
    std::int32_t severity = 0;
    std::string path, summary, detail;
    ek_status status = 0;
    std::uint32_t retry_after_ms = 0;
};
struct Item {
    std::string id;
    std::optional<std::string> json;
    std::string stamp;
    std::uint32_t flags = 0;
    std::optional<Diag> error;
};
struct Change {
    std::string path;
    std::int32_t action = 0;
    std::optional<std::string> before, after;
    std::int32_t outcome = 0;
    std::uint32_t flags = 0;
    std::string about;  // in apply_many
};

// How a call is made.
struct CallOptions {
    std::uint32_t flags = 0;
    std::uint64_t seconds = 30;      // until its deadline; 0: it has passed
    std::uint64_t milliseconds = 0;  // more of the same
    bool cancelled = false;          // before it begins
    int cancel_at = 0;               // at this sign of life, counted from 1
    int stop_at = 0;                 // this item or change is answered by stop_with
    ek_status stop_with = EK_E_BUSY;
    std::vector<std::string> stamps = {};
};

// What became of a call: the callbacks of its ek_out copy everything. Lives until the check ends,
// so that callbacks that come too late are seen and harm nothing.
class Answers {
  public:
    Answers(Shape shape, CallOptions options);
    ~Answers();
    Answers(const Answers&) = delete;
    Answers& operator=(const Answers&) = delete;

    const ek_call* call() const { return call_->get(); }
    void cancel();  // [any]
    // The call has returned.
    void finish(ek_status answer);

    ek_status status = EK_E_INTERNAL;
    std::vector<Item> items;
    std::vector<std::string> states;
    std::vector<Change> changes;
    std::vector<Diag> diags;
    std::vector<std::string> words;  // progress, and what programs printed
    std::vector<std::string> about;

    int after_stop = 0;           // items and changes sent after the host said stop
    int signs = 0;                // signs of life
    std::atomic<int> late{0};     // callbacks after the call had returned
    std::atomic<int> foreign{0};  // on another thread than the call's
    std::atomic<int> strange{0};  // with a context that is not this call's
    std::string malformed;        // the first record that no host would take; empty: none
    std::uint64_t took_ns = 0;

    bool ok() const { return status == EK_OK; }
    const Diag* error() const;
    // All that was sent, a line each, for people.
    std::string transcript() const;
    // The same without what differs from run to run, for comparison.
    json::Value value() const;
    // All texts in which a secret could be seen, without changes and states.
    std::string said() const;

  private:
    static Answers* self_of(void* ctx);
    static ek_status on_item(void* ctx, const ek_item* item) noexcept;
    static ek_status on_state(void* ctx, const ek_state* state) noexcept;
    static ek_status on_change(void* ctx, const ek_change* change) noexcept;
    static ek_status on_diag(void* ctx, const ek_diag* diag) noexcept;
    static ek_status on_progress(void* ctx, const ek_progress* progress) noexcept;
    static ek_status on_output(void* ctx, const ek_output* output) noexcept;
    static ek_status on_about(void* ctx, const ek_subject* subject) noexcept;
    static std::int32_t is_cancelled(const ek_call* call) noexcept;

    // Whether a callback may be taken, and what it is answered.
    bool admit();
    void sign();
    ek_status answer(bool counted);
    std::optional<std::string> json_of(ek_str text, const char* what);
    void complain(const char* what);

    CallOptions options_;
    std::thread::id thread_ = std::this_thread::get_id();
    std::uint64_t started_ns_ = 0;
    std::atomic<bool> finished_{false};
    std::atomic<bool> cancelled_{false};
    bool stopped_ = false;
    int counted_ = 0;
    Fd event_;
    std::vector<ek_str> stamps_;
    std::unique_ptr<Placed<ek_out>> out_;
    std::unique_ptr<Placed<ek_call>> call_;
};

// "EK_E_DENIED (4)".
std::string status_name(ek_status status);

}  // namespace evenkeel::validate
