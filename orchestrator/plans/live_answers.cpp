#include "orchestrator/plans/live_answers.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "core/base/text.hpp"
#include "core/secrets/protector.hpp"
#include "orchestrator/plans/trial.hpp"

namespace evenkeel::plans {
namespace {

constexpr std::size_t kErrorBytesMost = 1000;

std::string purpose_of(const std::string& plan, std::string_view host) {
    return "answer of " + std::string(host) + " for " + plan;
}

json::Value encode_changes(const wire::ResourceResult& result, std::size_t bytes_most) {
    json::Value changes = wire::encode(result.changes);
    return bounded_fields(std::move(changes.as_array()), bytes_most);
}

// Leaves the digests of both texts.
void drop_text(json::Value& changes) {
    for (json::Value& change : changes.as_array()) {
        json::Value* after = change.as_object().find("after");
        if (after && after->is_object()) after->as_object().erase("diff");
    }
}

// What a machine says of one resource.
json::Object shown(const wire::ResourceResult& result, json::Value changes) {
    json::Value error;
    if (result.error) {
        error =
            wire::encode(Error{result.error->code, result.error->what.substr(0, kErrorBytesMost)});
    }
    const auto notes = wire::bounded_notes(result.notes);
    return {{"outcome", to_string(result.outcome)},
            {"changes", std::move(changes)},
            {"error", std::move(error)},
            {"notes", json::Array(notes.begin(), notes.end())}};
}

json::Object named(const wire::Ref& ref) {
    return {{"collection", ref.collection}, {"id", ref.id}};
}

Result<std::vector<wire::ResourceResult>> decode(const std::vector<json::Value>& replies) {
    std::vector<wire::ResourceResult> all;
    for (const json::Value& reply : replies) {
        if (!reply["resources"].is_array()) return fail(Errc::invalid, "it has no resources");
        for (const json::Value& entry : reply["resources"].as_array()) {
            all.push_back(EK_TRY(wire::decode_resource_result(entry)));
        }
    }
    return all;
}

using Key = std::tuple<ChangeKind, wire::Ref, std::vector<std::string>>;

// The answers for one resource of a group: those that are the same but for values are one.
class SameAnswers {
  public:
    void add(const std::string& host, const wire::ResourceResult& result) {
        std::string code = json::write(shown(result, json::Array{}));
        for (const wire::Change& change : result.changes) {
            code.append(std::to_string(change.path.size())).append(":").append(change.path);
        }
        Answer& answer = answers_[{!result.error, std::move(code)}];
        if (answer.hosts.empty() || host < answer.hosts.front()) answer.result = result;
        answer.hosts.insert(std::lower_bound(answer.hosts.begin(), answer.hosts.end(), host), host);
    }

    // What fails comes first. Takes what it needs from `bytes`.
    json::Array shown_within(std::size_t& bytes) const {
        json::Array all;
        for (const auto& [key, answer] : answers_) {
            if (all.size() == kLiveAnswersMost) break;
            json::Value changes = encode_changes(answer.result, std::min(bytes, kSampleBytesMost));
            drop_text(changes);
            bytes -= std::min(bytes, json::write(changes).size());
            const std::size_t named_most = std::min(answer.hosts.size(), kGroupHostsMost);
            json::Object one{{"count", answer.hosts.size()},
                             {"hosts", json::Array(answer.hosts.begin(),
                                                   answer.hosts.begin() +
                                                       static_cast<std::ptrdiff_t>(named_most))}};
            json::Object said = shown(answer.result, std::move(changes));
            for (auto& [name, value] : said) one.append(name, std::move(value));
            all.emplace_back(std::move(one));
        }
        return all;
    }

  private:
    struct Answer {
        std::vector<std::string> hosts;  // sorted
        wire::ResourceResult result;     // of the first
    };
    std::map<std::pair<bool, std::string>, Answer> answers_;
};

// Of one host, as it is kept.
json::Value kept(const std::vector<wire::ResourceResult>& results, std::size_t bytes) {
    json::Array resources, actions;
    for (const wire::ResourceResult& result : results) {
        json::Object one = named(result.ref);
        if (!result.action.empty()) {
            one.append("action", result.action);
            actions.emplace_back(std::move(one));
            continue;
        }
        json::Value changes = encode_changes(result, bytes);
        bytes -= std::min(bytes, json::write(changes).size());
        json::Object said = shown(result, std::move(changes));
        for (auto& [name, value] : said) one.append(name, std::move(value));
        resources.emplace_back(std::move(one));
    }
    return json::Object{{"resources", std::move(resources)}, {"actions", std::move(actions)}};
}

void put_into_groups(const Trial& trial, const std::map<Key, SameAnswers>& answers,
                     json::Array& groups) {
    std::size_t bytes = kLiveBytesMost;
    const std::size_t count = std::min(groups.size(), trial.groups.groups.size());
    for (std::size_t i = 0; i < count; ++i) {
        const auto& resources = trial.groups.groups[i].resources;
        json::Value* of_group = groups[i].as_object().find("resources");
        for (std::size_t j = 0; j < resources.size(); ++j) {
            const auto found =
                answers.find({resources[j].change, resources[j].ref, resources[j].paths});
            if (found == answers.end()) continue;
            of_group->as_array()[j].as_object().set("live", found->second.shown_within(bytes));
        }
    }
}

}  // namespace

state::HostAnswers put_answers(const Trial& trial, const std::string& plan,
                               const secrets::Protector& protector, std::vector<LiveHost> hosts,
                               std::vector<std::pair<std::string, Unasked>> unasked,
                               std::uint64_t more_unasked, state::PlanContent& content) {
    const std::size_t bytes = kLiveBytesMost / std::max<std::size_t>(hosts.size(), 1);
    std::map<Key, SameAnswers> answers;
    std::uint64_t asked = 0, answered = 0;
    state::HostAnswers said;
    for (LiveHost& one : hosts) {
        if (!one.requests.empty()) ++asked;
        const auto results = decode(one.replies);
        if (!results && !one.unasked) {
            one.unasked = Unasked{"internal", "the answer cannot be read: " + results.error().what};
        }
        if (one.unasked) {
            unasked.emplace_back(one.host.name, *one.unasked);
            continue;
        }
        if (one.requests.empty()) continue;
        ++answered;
        std::map<wire::Ref, const wire::ResourceResult*> by_ref;
        for (const auto& result : *results) {
            if (result.action.empty()) by_ref.emplace(result.ref, &result);
        }
        for (const LiveHost::Change& change : one.changes) {
            const auto found = by_ref.find(change.ref);
            if (found == by_ref.end()) continue;
            answers[{change.change, change.ref, change.paths}].add(one.host.name, *found->second);
        }
        said.answers.emplace_back(
            one.host.id,
            protector.seal_text(json::write(kept(*results, bytes)), purpose_of(plan, one.host.id)));
    }
    put_into_groups(trial, answers, content.groups);
    said.live = json::Object{{"asked", asked}, {"answered", answered}};
    std::sort(unasked.begin(), unasked.end(),
              [](const auto& one, const auto& other) { return one.first < other.first; });
    for (const auto& [host, why] : unasked) {
        if (content.unasked.size() == kUnaskedMost) break;
        content.unasked.emplace_back(
            json::Object{{"host", host}, {"code", why.code}, {"detail", why.detail}});
    }
    said.more_unasked = more_unasked + unasked.size() - content.unasked.size();
    return said;
}

Result<void> show_answer(const secrets::Protector& protector, const std::string& plan,
                         const std::string& sealed, bool has_text, json::Value& host) {
    const std::string text =
        EK_TRY(protector.open_text(sealed, purpose_of(plan, host.string_or("host"))));
    json::Value answer = EK_TRY(json::parse(text, {.bytes = text.size()}));
    std::map<std::pair<std::string, std::string>, json::Object> by_ref;
    for (json::Value& one : answer.as_object().find("resources")->as_array()) {
        if (!has_text) drop_text(*one.as_object().find("changes"));
        std::pair<std::string, std::string> ref{one.string_or("collection"), one.string_or("id")};
        one.as_object().erase("collection");
        one.as_object().erase("id");
        by_ref.emplace(std::move(ref), std::move(one.as_object()));
    }
    for (json::Value& resource : host.as_object().find("resources")->as_array()) {
        const auto found =
            by_ref.find({resource.string_or("collection"), resource.string_or("id")});
        if (found != by_ref.end()) resource.as_object().append("live", std::move(found->second));
    }
    host.as_object().append("live", json::Object{{"actions", answer["actions"]}});
    return {};
}

}  // namespace evenkeel::plans
