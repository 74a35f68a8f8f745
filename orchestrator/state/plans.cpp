#include "orchestrator/state/plans.hpp"

#include <utility>

#include "core/base/time.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/plan_answers.hpp"
#include "orchestrator/state/plan_hosts.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/to_rest.hpp"

// plans: id -> Plan
// plan_parts: id, 0, "changes" -> {"sealed"}; "content" -> what is shown but for its groups;
//     "group", number -> a group; see plan_hosts.cpp and plan_answers.cpp for more
//     "system", 0, "plans" -> SystemPlans
// pending_plans: milliseconds, id -> "1"
namespace evenkeel::state {
namespace {

constexpr std::string_view kChanges = "changes";
constexpr std::string_view kContent = "content";
constexpr std::string_view kGroup = "group";

std::string part_key(std::string_view id, std::string_view part) {
    return host_key(id, part);
}

std::string group_key(std::string_view id, std::size_t number) {
    return part_key(id, kGroup) + store::number_key(number);
}

std::string deadline_key(const Plan& plan) {
    return store::number_key(static_cast<std::uint64_t>(plan.expires_at_ms)) + plan.id;
}

store::Range deadlines_until(std::int64_t now_ms) {
    return {.from = "", .until = store::number_key(static_cast<std::uint64_t>(now_ms) + 1)};
}

json::Value encode_content(const PlanContent& content) {
    return json::Object{{"changes", content.changes},         {"groups", content.groups.size()},
                        {"more_groups", content.more_groups}, {"errors", content.errors},
                        {"more_errors", content.more_errors}, {"unasked", content.unasked}};
}

std::string system_key() {
    return part_key(kSystemAuthor, "plans");
}

json::Value encode_system(const SystemPlans& plans) {
    json::Array replaced(plans.replaced.begin(), plans.replaced.end());
    return json::Object{{"last", plans.last}, {"replaced", std::move(replaced)}};
}

Result<SystemPlans> decode_system(const json::Value& value) {
    SystemPlans plans{.last = value.string_or("last")};
    for (const json::Value& id : value["replaced"].as_array()) {
        if (!id.is_string()) return fail(Errc::corrupt, "the id of a plan is no text");
        plans.replaced.push_back(id.as_string());
    }
    return plans;
}

Result<json::Value> as_it_is(const json::Value& value) {
    return value;
}

}  // namespace

Plans View::plans() const {
    return Plans(*this);
}

PlanEdits Edit::plans() {
    return PlanEdits(*this);
}

Result<std::optional<Plan>> Plans::find(std::string_view id) const {
    return find_record<Plan>(*txn_, tables_->plans, id, decode_plan);
}

Result<PlanContent> Plans::content(std::string_view id, std::size_t groups_most) const {
    const auto kept = EK_TRY(
        find_record<json::Value>(*txn_, tables_->plan_parts, part_key(id, kContent), as_it_is));
    if (!kept) return damaged_record("the plan " + std::string(id) + " has no content");
    const auto number = [&kept](std::string_view name) {
        return static_cast<std::uint64_t>(kept->integer_or(name));
    };
    PlanContent content{.changes = (*kept)["changes"].as_array(),
                        .more_groups = number("more_groups"),
                        .errors = (*kept)["errors"].as_array(),
                        .more_errors = number("more_errors"),
                        .unasked = (*kept)["unasked"].as_array()};
    if (groups_most > 0) {
        const auto range = store::Range::prefix(part_key(id, kGroup));
        EK_CHECK(each_record<json::Value>(*txn_, tables_->plan_parts, range, as_it_is,
                                          [&](json::Value group) {
                                              content.groups.push_back(std::move(group));
                                              return content.groups.size() < groups_most;
                                          }));
    }
    content.more_groups += number("groups") - content.groups.size();
    return content;
}

Result<std::optional<std::string>> Plans::sealed_changes(std::string_view id) const {
    const auto kept = EK_TRY(
        find_record<json::Value>(*txn_, tables_->plan_parts, part_key(id, kChanges), as_it_is));
    return kept ? std::optional(kept->string_or("sealed")) : std::nullopt;
}

Result<bool> Plans::any_overdue(std::int64_t now_ms) const {
    return EK_TRY(txn_->first(tables_->pending_plans, deadlines_until(now_ms))).has_value();
}

Result<std::vector<std::string>> Plans::overdue(std::int64_t now_ms, std::size_t most) const {
    std::vector<std::string> ids;
    if (most == 0) return ids;
    EK_CHECK(txn_->scan(tables_->pending_plans, deadlines_until(now_ms),
                        [&](std::string_view key, std::string_view) {
                            ids.emplace_back(key.substr(store::number_key(0).size()));
                            return ids.size() < most;
                        }));
    return ids;
}

Result<SystemPlans> Plans::of_system() const {
    const auto found =
        EK_TRY(find_record<SystemPlans>(*txn_, tables_->plan_parts, system_key(), decode_system));
    return found.value_or(SystemPlans{});
}

List Plans::list() const {
    return Record::list(tables_->plans);
}

Result<Plan> Plans::read(const Entry& entry) {
    return Record::decode<Plan>(entry, decode_plan);
}

std::string_view Plans::id_of(const Entry& entry) {
    return entry.position();
}

List Plans::groups(std::string_view id, std::size_t skipped) const {
    store::Range range = store::Range::prefix(part_key(id, kGroup));
    range.from = group_key(id, skipped);
    return Record::list(tables_->plan_parts, range);
}

Result<json::Value> Plans::read_group(const Entry& entry) {
    return Record::decode<json::Value>(entry, as_it_is);
}

PlanEdits::PlanEdits(Edit& edit) : Plans(edit), RepositoryEdits(edit) {}

Result<void> PlanEdits::add(Plan& plan, const PlanContent& content,
                            std::string_view sealed_changes) {
    if (is_pending(plan.state)) {
        const bool is_limited = plan.author != kSystemAuthor;
        if (is_limited && EK_TRY(txn_->count(tables_->pending_plans)) >= kPendingPlansMost) {
            return fail(Errc::conflict, std::to_string(kPendingPlansMost) +
                                            " plans wait to be applied; reject those that are "
                                            "of no use");
        }
        EK_CHECK(write_->put(tables_->pending_plans, deadline_key(plan), "1"));
        EK_CHECK(put_record(*write_, tables_->plan_parts, part_key(plan.id, kChanges),
                            json::Object{{"sealed", sealed_changes}}));
    }
    EK_CHECK(put_record(*write_, tables_->plan_parts, part_key(plan.id, kContent),
                        encode_content(content)));
    for (std::size_t i = 0; i < content.groups.size(); ++i) {
        EK_CHECK(
            put_record(*write_, tables_->plan_parts, group_key(plan.id, i), content.groups[i]));
    }
    return tell(plan);
}

Result<void> PlanEdits::put(Plan& plan) {
    if (!is_pending(plan.state)) {
        if (plan.ended_at.empty()) plan.ended_at = now_rfc3339();
        EK_CHECK(write_->erase(tables_->pending_plans, deadline_key(plan)));
        EK_CHECK(write_->erase(tables_->plan_parts, part_key(plan.id, kChanges)));
        EK_CHECK(PlanAnswerEdits(*edit_).forget(plan.id));
    }
    return tell(plan);
}

Result<void> PlanEdits::expire(std::int64_t now_ms, std::size_t most) {
    for (const std::string& id : EK_TRY(overdue(now_ms, most))) {
        auto plan = EK_TRY(find(id));
        if (!plan) return damaged_record("the plan " + id + " is gone");
        plan->state = PlanState::expired;
        EK_CHECK(put(*plan));
    }
    return {};
}

Result<void> PlanEdits::tell(Plan& plan) {
    plan.revision = EK_TRY(edit_->next_revision());
    EK_CHECK(put_record(*write_, tables_->plans, plan.id, encode(plan)));
    json::Text data;
    data.add(show(plan));
    return edit_->add_event_at(plan.revision, EventType::plan_changed, "", plan.id, data);
}

Result<void> PlanEdits::erase_ended(const std::string& before, std::size_t kept, std::size_t most) {
    const std::size_t count = EK_TRY(txn_->count(tables_->plans));
    std::vector<std::string> old;
    // Ids are made in order of time: behind the first young one there are only younger ones.
    EK_CHECK(txn_->scan(tables_->plans, store::Range::all(),
                        [&](std::string_view id, std::string_view text) {
                            const auto plan = decode_record<Plan>(text, decode_plan);
                            const bool is_beyond = count > kept + old.size();
                            if (!plan || (plan->created_at >= before && !is_beyond)) return false;
                            if (!is_pending(plan->state)) old.emplace_back(id);
                            return old.size() < most;
                        }));
    for (const std::string& id : old) EK_CHECK(erase(id));
    return {};
}

Result<void> PlanEdits::erase(const std::string& id) {
    EK_CHECK(PlanHostEdits(*edit_).forget(id));
    EK_CHECK(write_->erase(tables_->plans, id));
    const auto parts = store::Range::prefix(part_key(id, ""));
    EK_CHECK(write_->erase(tables_->plan_parts, parts, SIZE_MAX));
    return {};
}

Result<void> PlanEdits::put_of_system(const SystemPlans& plans) {
    return put_record(*write_, tables_->plan_parts, system_key(), encode_system(plans));
}

}  // namespace evenkeel::state
