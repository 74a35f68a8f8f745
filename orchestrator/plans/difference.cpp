#include "orchestrator/plans/difference.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "core/wire/relations.hpp"

namespace evenkeel::plans {
namespace {

using compile::CompileError;
using compile::WantedResource;
using wire::Ref;

constexpr std::size_t kNamed = 5;  // in a message

void find_paths(const json::Value& before, const json::Value& after, const std::string& at,
                std::vector<std::string>& paths) {
    if (before == after) return;
    if (!before.is_object() || !after.is_object()) {
        paths.push_back(at);
        return;
    }
    for (const auto& [name, value] : before.as_object()) {
        const std::string here = json::pointer(at, name);
        const json::Value* other = after.find(name);
        other ? find_paths(value, *other, here, paths) : paths.push_back(here);
    }
    for (const auto& [name, value] : after.as_object()) {
        if (!before.find(name)) paths.push_back(json::pointer(at, name));
    }
}

// Whatever their order.
template <typename T>
bool same_set(const std::vector<T>& a, const std::vector<T>& b) {
    if (a == b) return true;
    return a.size() == b.size() && std::set<T>(a.begin(), a.end()) == std::set(b.begin(), b.end());
}

bool comes_before(const DescribedResource& a, const DescribedResource& b) {
    return a.ref < b.ref;
}

class Comparison {
  public:
    Comparison(std::vector<DescribedResource> described, std::vector<WantedResource> wanted,
               const DifferenceSources& sources)
        : described_(std::move(described)), wanted_(std::move(wanted)), sources_(sources) {
        std::sort(described_.begin(), described_.end(), comes_before);
        std::sort(wanted_.begin(), wanted_.end(),
                  [](const auto& a, const auto& b) { return a.ref < b.ref; });
    }

    HostDifference compare() {
        auto there = described_.begin();
        for (std::size_t i = 0; i < wanted_.size(); ++i) {
            const WantedResource& wanted = wanted_[i];
            for (; there != described_.end() && there->ref < wanted.ref; ++there) leave(*there);
            const bool is_there = there != described_.end() && there->ref == wanted.ref;
            compare_one(i, is_there ? &*there++ : nullptr);
        }
        for (; there != described_.end(); ++there) leave(*there);
        if (found_.empty() && leaving_.empty()) return {{}, std::move(errors_)};
        check_relations();
        check_dependents();
        if (!errors_.empty()) return {{}, std::move(errors_)};
        return {in_order(), {}};
    }

  private:
    // What is to be done about wanted_[wanted].
    struct Found {
        std::size_t wanted = 0;
        ChangeKind change{};
        std::vector<std::string> paths = {};
    };

    // The resource is wanted by nobody.
    void leave(const DescribedResource& there) {
        if (there.owners.empty() || there.overrides || there.is_removing) return;
        const bool removes =
            there.policy != wire::Policy::audit &&
            std::any_of(there.owners.begin(), there.owners.end(), [](const auto& owner) {
                return owner.on_leave == compile::OnLeave::remove;
            });
        leaving_.emplace(there.ref,
                         Leaving{&there, removes ? ChangeKind::remove : ChangeKind::forget});
    }

    void compare_one(std::size_t number, const DescribedResource* there) {
        const WantedResource& wanted = wanted_[number];
        if (!there || there->is_removing) {
            found_.push_back({number, ChangeKind::add});
            return;
        }
        if (there->overrides) return;
        std::vector<std::string> paths = paths_of(*there, wanted);
        if (there->owners.empty() && !paths.empty() && !is_adopted(wanted)) {
            return add_conflict(wanted, paths);
        }
        if (there->origin == wire::Origin::local) paths.push_back("/origin");
        std::sort(paths.begin(), paths.end());
        if (!paths.empty()) {
            found_.push_back({number, ChangeKind::change, std::move(paths)});
        } else if (there->owners != wanted.owners) {
            found_.push_back({number, ChangeKind::own});
        }
    }

    std::vector<std::string> paths_of(const DescribedResource& there,
                                      const WantedResource& wanted) const {
        std::vector<std::string> paths;
        if (!sources_.same_description(there.ref, wanted.description)) {
            const auto stored = sources_.open ? sources_.open(there.ref) : std::nullopt;
            paths = stored ? differing_paths(*stored, wanted.description)
                           : std::vector<std::string>{""};
        }
        if (there.policy != wanted.policy) paths.emplace_back("/policy");
        if (!same_set(there.relations.required, wanted.relations.required)) {
            paths.emplace_back("/requires");
        }
        if (!same_set(there.relations.notified, wanted.relations.notified)) {
            paths.emplace_back("/notifies");
        }
        return paths;
    }

    bool is_adopted(const WantedResource& wanted) const {
        return std::any_of(wanted.owners.begin(), wanted.owners.end(),
                           [&](const auto& owner) { return sources_.adopts(owner.assignment); });
    }

    void add_error(const WantedResource& wanted, std::string code, std::string detail) {
        errors_.push_back({wanted.owners.empty() ? "" : wanted.owners.front().assignment, "",
                           std::move(code), std::move(detail)});
    }

    void add_conflict(const WantedResource& wanted, const std::vector<std::string>& paths) {
        std::vector<std::string> shown = paths;
        if (shown.size() > kNamed) shown.resize(kNamed);
        for (std::string& path : shown) path = path.empty() ? "its description" : printable(path);
        add_error(wanted, "conflict",
                  wire::text_of(wanted.ref) + " was put directly and says otherwise about " +
                      listed_in_words(shown) +
                      "; say \"adopt\": true in the assignment, or forget the resource");
    }

    const DescribedResource* find_described(const Ref& ref) const {
        const auto there = std::lower_bound(described_.begin(), described_.end(),
                                            DescribedResource{.ref = ref}, comes_before);
        const bool is_there = there != described_.end() && there->ref == ref;
        return is_there && !there->is_removing ? &*there : nullptr;
    }

    void check_relations() {
        std::vector<wire::RelatedResource> entries;
        for (std::size_t i = 0; i < wanted_.size(); ++i) {
            // One that is overridden says nothing of its relations.
            const DescribedResource* there = find_described(wanted_[i].ref);
            if (there && there->overrides) continue;
            entries.push_back({wanted_[i].ref, wanted_[i].relations, "/" + std::to_string(i)});
        }
        const wire::RelationLookup known{
            [&](const Ref& ref) {
                const DescribedResource* there = find_described(ref);
                return there ? std::optional(there->relations) : std::nullopt;
            },
            [&](const auto& notice) { return !sources_.offers || sources_.offers(notice); }};
        static const WantedResource kNobody;
        for (wire::WrongField& wrong : wire::check_relations(entries, known)) {
            const auto tokens = json::pointer_tokens(wrong.pointer);
            const WantedResource& of = tokens.empty() ? kNobody : wanted_[*parse_number(tokens[0])];
            const std::string before = tokens.empty() ? "" : wire::text_of(of.ref) + ": ";
            add_error(of, "invalid-relation", before + wrong.detail);
        }
    }

    // What goes must not be required by what stays.
    void check_dependents() {
        if (leaving_.empty()) return;
        for (const WantedResource& wanted : wanted_) {
            const DescribedResource* there = find_described(wanted.ref);
            if (!there || !there->overrides) note_dependent(wanted.ref, wanted.relations);
        }
        for (const DescribedResource& there : described_) {
            const bool stays = there.overrides || (there.owners.empty() && !is_wanted(there.ref));
            if (stays && !there.is_removing) note_dependent(there.ref, there.relations);
        }
        for (auto& [ref, names] : dependents_) {
            std::sort(names.begin(), names.end());
            if (names.size() > kNamed) names.resize(kNamed);
            errors_.push_back(
                {leaving_.at(ref).there->owners.front().assignment, "", "required",
                 wire::text_of(ref) + " would go, and is required by " + listed_in_words(names)});
        }
    }

    void note_dependent(const Ref& ref, const wire::Relations& relations) {
        for (const Ref& required : relations.required) {
            if (leaving_.contains(required)) dependents_[required].push_back(wire::text_of(ref));
        }
    }

    bool is_wanted(const Ref& ref) const {
        const auto found = std::lower_bound(
            wanted_.begin(), wanted_.end(), ref,
            [](const WantedResource& each, const Ref& other) { return each.ref < other; });
        return found != wanted_.end() && found->ref == ref;
    }

    std::vector<ResourceDifference> in_order() {
        std::vector<ResourceDifference> ordered;
        std::vector<wire::RelatedResource> entries;
        for (const Found& found : found_) {
            const WantedResource& wanted = wanted_[found.wanted];
            entries.push_back({wanted.ref, wanted.relations, ""});
        }
        for (const std::size_t i : order_of(entries)) {
            WantedResource& wanted = wanted_[found_[i].wanted];
            ordered.push_back({wanted.ref, found_[i].change, std::move(found_[i].paths), {}});
            ordered.back().wanted = std::move(wanted);
        }
        entries.clear();
        for (const auto& [ref, leaving] : leaving_) {
            entries.push_back({ref, leaving.there->relations, ""});
        }
        const std::vector<std::size_t> order = order_of(entries);
        for (auto at = order.rbegin(); at != order.rend(); ++at) {
            const Ref& ref = entries[*at].ref;
            ordered.push_back({ref, leaving_.at(ref).change, {}, {}});
        }
        return ordered;
    }

    // A circle cannot be: that was checked, of what goes when it was described.
    static std::vector<std::size_t> order_of(const std::vector<wire::RelatedResource>& entries) {
        auto order = wire::in_order(entries);
        if (order) return *std::move(order);
        std::vector<std::size_t> as_given(entries.size());
        for (std::size_t i = 0; i < as_given.size(); ++i) as_given[i] = i;
        return as_given;
    }

    struct Leaving {
        const DescribedResource* there = nullptr;
        ChangeKind change{};
    };

    std::vector<DescribedResource> described_;
    std::vector<WantedResource> wanted_;
    const DifferenceSources& sources_;
    std::vector<Found> found_;
    std::map<Ref, Leaving> leaving_;
    std::map<Ref, std::vector<std::string>> dependents_;  // of what is leaving
    std::vector<CompileError> errors_;
};

}  // namespace

std::vector<std::string> differing_paths(const json::Value& before, const json::Value& after) {
    std::vector<std::string> paths;
    find_paths(before, after, "", paths);
    if (paths.size() > kPathsMost) return {""};
    std::sort(paths.begin(), paths.end());
    return paths;
}

HostDifference difference(std::vector<DescribedResource> described, compile::Compiled compiled,
                          const DifferenceSources& sources) {
    if (!compiled.errors.empty()) return {{}, std::move(compiled.errors)};
    return Comparison(std::move(described), std::move(compiled.resources), sources).compare();
}

}  // namespace evenkeel::plans
