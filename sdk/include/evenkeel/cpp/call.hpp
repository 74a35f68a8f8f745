#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <evenkeel/cpp/failure.hpp>
#include <evenkeel/plugin.h>

namespace evenkeel::sdk {

// Nanoseconds of CLOCK_MONOTONIC, as deadlines and timers are given.
inline std::uint64_t now_ns() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

// One field from before to after. Values are JSON; none stands for "was not" or "will not be".
struct Change {
    std::string path;  // RFC 6901 pointer into the description; "/ensure" is existence
    std::optional<std::string> before;
    std::optional<std::string> after;
    std::uint32_t flags = 0;  // EK_CHG_
    std::int32_t action = 0;  // EK_ACT_; 0: ADD, REMOVE or SET, after which values there are
    std::int32_t outcome = 0;
};

// A call under way: what the host wants, and where the answers go. Every sender throws Stop when
// the host has heard enough; let it pass. Of a cancelled call that are item() and change(); the
// others may come amid work that cannot be stopped, or tell what was done. [worker], inside the
// call only.
class Call {
  public:
    explicit Call(const ek_call* call) : call_(call) {}

    bool dry_run() const { return (call_->flags & EK_CALL_DRY_RUN) != 0; }
    bool describe() const { return (call_->flags & EK_CALL_DESCRIBE) != 0; }
    bool repairs() const { return (call_->flags & EK_CALL_REPAIR) != 0; }
    std::uint64_t deadline_ns() const { return call_->deadline_ns; }  // CLOCK_MONOTONIC; 0: none
    int cancel_fd() const { return call_->cancel_fd; }                // -1: none
    std::string_view request_id() const { return view(call_->request_id); }

    // Whether somebody wants the call to end. To ask tells the host that the call goes on: ask at
    // least every minute while you wait for something slow, also where you cannot stop it.
    bool cancelled() const { return call_->cancelled(call_) != 0; }
    // Throws once the call is cancelled or past its deadline. Call it in every loop of unknown
    // length, and before what cannot be undone.
    void check() const {
        if (cancelled()) throw Failure(EK_E_CANCELLED, "the call was cancelled");
        if (call_->deadline_ns != 0 && now_ns() >= call_->deadline_ns)
            throw Failure(EK_E_TIMEOUT, "the deadline of the call has passed");
    }

    // One resource found; `json` is its state, or its description if describe().
    void item(std::string_view id, std::string_view json) const {
        send({id, json, {}, 0, nullptr});
    }
    // The same in read, for the id at `index`, with a stamp by which its state is known again (see
    // ek_item and stamp.hpp): a state that the host has already is not sent.
    void item(std::size_t index, std::string_view id, std::string_view json,
              std::string_view stamp) const {
        if (!stamp.empty() && known_stamp(index) == stamp) return unchanged(id, stamp);
        send({id, json, stamp, 0, nullptr});
    }
    // In read, of an id whose state is that of the stamp that the host knows: without its state.
    void unchanged(std::string_view id, std::string_view stamp) const {
        send({id, {}, stamp, EK_ITEM_UNCHANGED, nullptr});
    }
    // One of several resources, which cannot be read, and why; the others are still sent.
    void unreadable(std::string_view id, const Failure& why) const {
        const ek_diag error = why.diagnostic();
        send({id, {}, {}, 0, &error});
    }
    // In normalize: how the id is written.
    void normal_id(std::string_view id) const { send({id, {}, {}, 0, nullptr}); }
    // In read: the stamp of the state that the host knows of the id at `index`; empty: none.
    std::string_view known_stamp(std::size_t index) const {
        if (index >= call_->stamp_count) return {};
        return view(call_->stamps[index]);
    }
    void state(std::string_view json) const {
        const ek_state record{sizeof(ek_state), 0, borrow(json)};
        stop_unless_ended(out()->state(out()->ctx, &record));
    }
    void change(const Change& change) const { stop_unless_ok(tell(change)); }
    // The same of a change that is done already, so a cancelled call goes on to the next.
    void report(const Change& change) const { stop_unless_ended(tell(change)); }
    // In apply_many: what is sent from now on is about this id.
    void about(std::string_view id) const {
        const ek_subject record{sizeof(ek_subject), 0, borrow(id)};
        stop_unless_ended(out()->about(out()->ctx, &record));
    }
    // An error that does not end the call; to end it, throw the Failure. In apply_many it is that
    // of the entry that the call is about: throw Stop{EK_E_PARTIAL} when all are through.
    void error(const Failure& failure) const {
        const ek_diag record = failure.diagnostic();
        stop_unless_ended(out()->diag(out()->ctx, &record));
    }
    // `severity` is an EK_SEV_; `path` may be empty.
    void note(std::int32_t severity, std::string_view path, std::string_view summary) const {
        const ek_diag record{sizeof(ek_diag),
                             severity,
                             borrow_or_absent(path),
                             borrow(summary),
                             ek_str{nullptr, 0},
                             0,
                             0};
        stop_unless_ended(out()->diag(out()->ctx, &record));
    }
    // `permille` from 0 to 1000.
    void progress(std::uint32_t permille, std::string_view message) const {
        const ek_progress record{sizeof(ek_progress), permille, borrow(message)};
        stop_unless_ended(out()->progress(out()->ctx, &record));
    }
    // What a program has printed on `stream` (EK_STREAM_): any bytes, in pieces of any size.
    void output(std::int32_t stream, std::string_view bytes) const {
        const ek_output record{sizeof(ek_output), stream, borrow(bytes)};
        stop_unless_ended(out()->output(out()->ctx, &record));
    }

  private:
    struct Item {
        std::string_view id, json, stamp;
        std::uint32_t flags;
        const ek_diag* error;
    };
    const ek_out* out() const { return call_->out; }
    static ek_str borrow_or_absent(std::string_view text) {
        return text.empty() ? ek_str{nullptr, 0} : borrow(text);
    }
    void send(const Item& item) const {
        const ek_item record{sizeof(ek_item),
                             item.flags,
                             borrow(item.id),
                             borrow_or_absent(item.json),
                             borrow_or_absent(item.stamp),
                             item.error};
        stop_unless_ok(out()->item(out()->ctx, &record));
    }
    static void stop_unless_ok(ek_status status) {
        if (status != EK_OK) throw Stop{status};
    }
    static void stop_unless_ended(ek_status status) {
        if (status != EK_E_CANCELLED) stop_unless_ok(status);
    }
    ek_status tell(const Change& change) const {
        const auto value = [](const std::optional<std::string>& json) {
            return json ? borrow(*json) : ek_str{nullptr, 0};
        };
        const std::int32_t seen = !change.before  ? EK_ACT_ADD
                                  : !change.after ? EK_ACT_REMOVE
                                                  : EK_ACT_SET;
        const ek_change record{sizeof(ek_change),   change.action != 0 ? change.action : seen,
                               borrow(change.path), value(change.before),
                               value(change.after), change.outcome,
                               change.flags};
        return out()->change(out()->ctx, &record);
    }

    const ek_call* call_;
};

}  // namespace evenkeel::sdk
