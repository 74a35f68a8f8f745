#include "core/agent/compliance/hint_inbox.hpp"

#include <chrono>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/time.hpp"

namespace evenkeel::agent {

using plugin::Hint;

constexpr std::uint64_t kSecondNs = 1'000'000'000;

HintInbox::HintInbox(run::Loop& loop, std::string collection, Take take)
    : loop_(loop),
      post_(loop.poster()),
      collection_(std::move(collection)),
      take_(std::move(take)) {}

void HintInbox::put(Hint hint, const std::string& id) {
    {
        const std::lock_guard lock(mutex_);
        ++in_second_;
        note(hint, id);
        if (std::exchange(posted_, true)) return;
    }
    post_([self = shared_from_this()] { self->pass_on(); });
}

// With the lock held.
void HintInbox::note(Hint hint, const std::string& id) {
    if (hint == Hint::missed) {
        missed_ = true;
    } else if (hint == Hint::hung) {
        hung_ = id;
    } else if (waiting_.size() < kIdsMost || waiting_.count(id) != 0) {
        waiting_[id] = hint;
    } else {
        waiting_.clear();
        waiting_[""] = Hint::changed;
    }
}

// With the lock held. Said once for as long as it lasts.
bool HintInbox::is_flooded(std::uint64_t now_ns) {
    const bool is_over = now_ns - second_began_ns_ >= kSecondNs;
    if (!is_over && in_second_ > kPerSecond) {
        if (!std::exchange(is_named_, true))
            log::warning("a plugin floods its watch with hints, which wait from now on",
                         {{"collection", collection_}, {"hints", std::to_string(in_second_)}});
        return true;
    }
    if (is_over) {
        if (in_second_ <= kPerSecond) is_named_ = false;
        second_began_ns_ = now_ns;
        in_second_ = 0;
    }
    return false;
}

void HintInbox::pass_on() {
    if (!take_) return;
    std::map<std::string, Hint> hints;
    bool missed = false;
    std::string hung;
    {
        const std::lock_guard lock(mutex_);
        const std::uint64_t now = now_monotonic_ns();
        if (hung_.empty() && is_flooded(now)) {
            rest_ = loop_.after(std::chrono::nanoseconds(second_began_ns_ + kSecondNs - now),
                                [this] { pass_on(); });
            return;
        }
        posted_ = false;
        hints.swap(waiting_);
        missed = std::exchange(missed_, false);
        hung.swap(hung_);
    }
    for (const auto& [id, hint] : hints)
        if (take_) take_(hint, id);
    if (missed && take_) take_(Hint::missed, "");
    if (!hung.empty() && take_) take_(Hint::hung, hung);
}

void HintInbox::close() {
    take_ = nullptr;
    rest_ = run::Timer();
}

std::size_t HintInbox::waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
}

}  // namespace evenkeel::agent
