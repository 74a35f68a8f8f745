#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "orchestrator/compile/resources.hpp"

namespace evenkeel::compile {
namespace {

using wire::Policy;

const Owner& owner_of(const MadeResource& made) {
    return made.resource.owners.front();
}

bool comes_before(const MadeResource& a, const MadeResource& b) {
    const auto order = [](const MadeResource& made) {
        return std::tie(made.resource.ref, owner_of(made).assignment, made.pointer);
    };
    return order(a) < order(b);
}

// What both say of the member, where one says nothing of `ensure`.
bool agree(const std::string& name, const json::Value& a, const json::Value* b) {
    static const json::Value kPresent = "present";
    if (!b && name == "ensure") b = &kPresent;
    return !b || a == *b;
}

// The first member about which they disagree.
std::optional<std::string> disagreement(const json::Value& a, const json::Value& b) {
    for (const auto& [name, value] : a.as_object()) {
        if (!agree(name, value, b.find(name))) return name;
    }
    for (const auto& [name, value] : b.as_object()) {
        if (!agree(name, value, a.find(name))) return name;
    }
    return std::nullopt;
}

int weight_of(Policy policy) {
    switch (policy) {
        case Policy::enforce:
            return 2;
        case Policy::report:
            return 1;
        case Policy::off:
            return 0;
        case Policy::audit:
            return 0;
    }
    return 0;
}

template <typename T>
void unite(std::vector<T>& into, const std::vector<T>& more) {
    for (const T& one : more) {
        if (std::find(into.begin(), into.end(), one) == into.end()) into.push_back(one);
    }
}

void unite_owners(std::vector<Owner>& into, const Owner& owner) {
    const auto there = std::find_if(into.begin(), into.end(), [&](const Owner& each) {
        return each.assignment == owner.assignment;
    });
    if (there == into.end()) {
        into.push_back(owner);
    } else if (owner.on_leave == OnLeave::remove) {
        there->on_leave = owner.on_leave;
    }
}

CompileError conflict(const MadeResource& made, const MadeResource& first,
                      const std::string& about) {
    const std::string other =
        owner_of(first).assignment == owner_of(made).assignment
            ? first.pointer
            : "assignment " + owner_of(first).assignment + " (" + first.pointer + ")";
    return {.assignment = owner_of(made).assignment,
            .pointer = made.pointer,
            .code = "conflict",
            .detail =
                wire::text_of(made.resource.ref) + ": " + other + " says otherwise about " + about};
}

// Those that name one resource, the first of which `resource` is made of.
class Merge {
  public:
    explicit Merge(MadeResource first) : first_(std::move(first)) {}

    void add(const MadeResource& made, std::vector<CompileError>& errors) {
        WantedResource& resource = first_.resource;
        const WantedResource& more = made.resource;
        const auto member = disagreement(resource.description, more.description);
        if (member) {
            errors.push_back(conflict(made, first_, json::pointer("/description", *member)));
            return;
        }
        if ((resource.policy == Policy::audit) != (more.policy == Policy::audit)) {
            errors.push_back(conflict(made, first_, "/policy: audit goes with audit alone"));
            return;
        }
        for (const auto& [name, value] : more.description.as_object()) {
            resource.description.as_object().set(name, value);
        }
        if (weight_of(more.policy) > weight_of(resource.policy)) resource.policy = more.policy;
        unite(resource.relations.required, more.relations.required);
        unite(resource.relations.notified, more.relations.notified);
        unite_owners(resource.owners, owner_of(made));
        resource.has_unchecked_secret |= more.has_unchecked_secret;
    }

    const wire::Ref& ref() const { return first_.resource.ref; }
    WantedResource take() { return std::move(first_.resource); }

  private:
    MadeResource first_;
};

}  // namespace

Merged merge(std::vector<MadeResource> made) {
    std::sort(made.begin(), made.end(), comes_before);
    Merged merged;
    std::optional<Merge> current;
    const auto finish = [&] {
        if (current) merged.resources.push_back(current->take());
    };
    for (MadeResource& each : made) {
        if (current && current->ref() == each.resource.ref) {
            current->add(each, merged.errors);
            continue;
        }
        finish();
        current.emplace(std::move(each));
    }
    finish();
    return merged;
}

}  // namespace evenkeel::compile
