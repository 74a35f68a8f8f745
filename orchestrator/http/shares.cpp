#include "orchestrator/http/shares.hpp"

#include <algorithm>

namespace evenkeel::http {

namespace {

constexpr std::size_t kReservedPart = 8;  // one eighth is kept for administrators

Problem too_much_of_one(ShareKind kind, const Principal& principal, std::size_t most) {
    const std::string who = principal.id.empty() ? "requests without a token" : "this token";
    Problem problem{Code::rate_limited, ""};
    switch (kind) {
        case ShareKind::requests:
            problem.detail = who + " may have " + std::to_string(most) +
                             " requests in work: wait until one ends";
            break;
        case ShareKind::streams:
            problem.detail =
                who + " may have " + std::to_string(most) + " streams open: close one of them";
            break;
        case ShareKind::body_bytes:
            problem.detail = who + " may send " + std::to_string(most) +
                             " bytes of bodies at once: wait until one has arrived";
            break;
        case ShareKind::reply_bytes:
            problem.detail = who + " may have " + std::to_string(most) +
                             " bytes of replies on their way: read one to its end";
            break;
    }
    return problem;
}

Problem too_much_of_all(ShareKind kind) {
    constexpr std::array kDetails = {"too many requests are in work", "too many streams are open",
                                     "too much is being sent at the moment",
                                     "too much is being answered at the moment"};
    return {Code::unavailable, kDetails.at(static_cast<std::size_t>(kind))};
}

}  // namespace

void Shares::Share::release() {
    if (!of_) return;
    const auto index = static_cast<std::size_t>(kind_);
    const auto found = of_->of_each_.find(principal_);
    found->second.at(index) -= amount_;
    of_->counts_.held.at(index) -= amount_;
    const auto& left = found->second;
    if (std::all_of(left.begin(), left.end(), [](std::size_t held) { return held == 0; })) {
        of_->of_each_.erase(found);
    }
    of_ = nullptr;
}

std::optional<Problem> Shares::take(ShareKind kind, const Principal& principal, std::size_t amount,
                                    Share& into) {
    const auto index = static_cast<std::size_t>(kind);
    const Limit& limit = limits_.at(index);
    const std::size_t reserved = principal.is_admin ? 0 : limit.all / kReservedPart;
    const auto found = of_each_.find(principal.id);
    const std::size_t own = found == of_each_.end() ? 0 : found->second.at(index);
    std::optional<Problem> refusal;
    if (own + amount > limit.each) {
        ++counts_.refused_each.at(index);
        refusal = too_much_of_one(kind, principal, limit.each);
    } else if (counts_.held.at(index) + amount > limit.all - reserved) {
        ++counts_.refused_all.at(index);
        refusal = too_much_of_all(kind);
    }
    if (refusal) {
        refusal->headers.emplace_back("Retry-After", "1");
        return refusal;
    }
    hold(kind, principal, amount, into);
    return std::nullopt;
}

void Shares::hold(ShareKind kind, const Principal& principal, std::size_t amount, Share& into) {
    const auto index = static_cast<std::size_t>(kind);
    of_each_[principal.id].at(index) += amount;
    counts_.held.at(index) += amount;
    into.of_ = this;
    into.kind_ = kind;
    into.principal_ = principal.id;
    into.amount_ = amount;
}

}  // namespace evenkeel::http
