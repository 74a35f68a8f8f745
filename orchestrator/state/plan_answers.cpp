#include "orchestrator/state/plan_answers.hpp"

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"

// plan_parts: plan id, 0, "live" -> {"live","more_unasked"}
//     plan id, 0, "answer", 0, host id -> {"sealed"}
namespace evenkeel::state {
namespace {

std::string live_key(std::string_view plan) {
    return host_key(plan, "live");
}

std::string answer_key(std::string_view plan, std::string_view host) {
    return host_key(plan, host_key("answer", host));
}

Result<json::Value> as_kept(const json::Value& value) {
    return value;
}

}  // namespace

Result<HostAnswers> PlanAnswers::of(std::string_view plan) const {
    const auto kept =
        EK_TRY(find_record<json::Value>(*txn_, tables_->plan_parts, live_key(plan), as_kept));
    if (!kept) return HostAnswers{};
    return HostAnswers{
        .live = (*kept)["live"],
        .more_unasked = static_cast<std::uint64_t>(kept->integer_or("more_unasked"))};
}

Result<std::optional<std::string>> PlanAnswers::sealed(std::string_view plan,
                                                       std::string_view host) const {
    const auto kept = EK_TRY(
        find_record<json::Value>(*txn_, tables_->plan_parts, answer_key(plan, host), as_kept));
    return kept ? std::optional(kept->string_or("sealed")) : std::nullopt;
}

PlanAnswerEdits::PlanAnswerEdits(Edit& edit) : PlanAnswers(edit), RepositoryEdits(edit) {}

Result<void> PlanAnswerEdits::put(const std::string& plan, const HostAnswers& answers) {
    if (answers.live.is_null()) return {};
    for (const auto& [host, sealed] : answers.answers) {
        EK_CHECK(put_record(*write_, tables_->plan_parts, answer_key(plan, host),
                            json::Object{{"sealed", sealed}}));
    }
    return put_record(*write_, tables_->plan_parts, live_key(plan),
                      json::Object{{"live", answers.live}, {"more_unasked", answers.more_unasked}});
}

Result<void> PlanAnswerEdits::forget(const std::string& plan) {
    const auto answers = store::Range::prefix(answer_key(plan, ""));
    EK_CHECK(write_->erase(tables_->plan_parts, answers, SIZE_MAX));
    return {};
}

}  // namespace evenkeel::state
