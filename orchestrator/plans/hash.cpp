#include "orchestrator/plans/hash.hpp"

#include <algorithm>

#include "core/crypto/hash.hpp"
#include "orchestrator/plans/difference.hpp"

namespace evenkeel::plans {
namespace {

// Parts with their length before them, so that no two lists of parts give one text.
class Parts {
  public:
    void add(std::string_view part) {
        text_.append(std::to_string(part.size())).append(":").append(part);
    }
    void add(std::size_t number) { add(std::to_string(number)); }
    void add(const wire::Ref& ref) {
        add(ref.collection);
        add(ref.id);
    }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

void add_wanted(Parts& parts, const compile::WantedResource& wanted) {
    parts.add(to_string(wanted.policy));
    parts.add(wanted.relations.required.size());
    for (const wire::Ref& ref : wanted.relations.required) parts.add(ref);
    parts.add(wanted.relations.notified.size());
    for (const wire::Notification& notice : wanted.relations.notified) {
        parts.add(notice.ref);
        parts.add(notice.action);
    }
    parts.add(wanted.owners.size());
    for (const compile::Owner& owner : wanted.owners) {
        parts.add(owner.assignment);
        parts.add(owner.application);
        parts.add(owner.version);
        parts.add(to_string(owner.on_leave));
    }
}

}  // namespace

void PlanHash::add(const std::string& host_id, const HostDifference& difference,
                   const Before& before) {
    if (difference.empty()) return;
    Parts parts;
    parts.add(host_id);
    parts.add(difference.resources.size());
    for (const ResourceDifference& each : difference.resources) {
        parts.add(each.ref);
        parts.add(to_string(each.change));
        parts.add(each.paths.size());
        for (const std::string& path : each.paths) parts.add(path);
        if (before && each.change != ChangeKind::own) parts.add(before(each.ref));
        if (!each.wanted) continue;
        add_wanted(parts, *each.wanted);
        if (each.change == ChangeKind::own) continue;
        parts.add(keyed_code_(json::write_canonical(each.wanted->description)));
    }
    for (const compile::CompileError& error : difference.errors) {
        // Not the detail, which also tells of names that the host does not use.
        for (const auto* part : {&error.assignment, &error.pointer, &error.code}) parts.add(*part);
    }
    digests_.push_back(crypto::sha256(parts.text()));
}

void PlanHash::add(const std::string& text) {
    digests_.push_back(crypto::sha256(text));
}

std::string PlanHash::finish() const {
    std::vector<std::string> digests = digests_;
    std::sort(digests.begin(), digests.end());
    std::string all;
    for (const std::string& digest : digests) all += digest;
    return crypto::sha256_hex(all);
}

}  // namespace evenkeel::plans
