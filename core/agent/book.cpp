#include "core/agent/book.hpp"

#include <algorithm>

namespace evenkeel::agent {

Record* Book::find(const wire::Ref& ref) {
    const auto found = records_.find(ref);
    return found == records_.end() ? nullptr : &found->second;
}

const Record* Book::find(const wire::Ref& ref) const {
    const auto found = records_.find(ref);
    return found == records_.end() ? nullptr : &found->second;
}

Record& Book::put(const Head& head) {
    Record& record = records_[head.ref];
    record.head = head;
    return record;
}

void Book::erase(const wire::Ref& ref) {
    records_.erase(ref);
    debts.erase(ref);
}

std::vector<wire::Notice> Book::owed_by(const Head& source) const {
    std::vector<wire::Notice> owed;
    const auto found = debts.find(source.ref);
    if (found == debts.end()) return owed;
    for (const wire::Notice& notice : source.ties.tells) {
        const auto& notices = found->second;
        if (std::find(notices.begin(), notices.end(), notice) != notices.end()) {
            owed.push_back(notice);
        }
    }
    return owed;
}

void Book::put(const Debt& debt) {
    if (debt.notices.empty()) {
        debts.erase(debt.source);
    } else {
        debts[debt.source] = debt.notices;
    }
}

std::vector<std::string> Book::ids_of(const std::string& collection) const {
    std::vector<std::string> ids;
    for (auto at = records_.lower_bound({collection, ""});
         at != records_.end() && at->first.collection == collection; ++at) {
        ids.push_back(at->first.id);
    }
    return ids;
}

const wire::Generation* Book::generation_of(const wire::Ref& ref) const {
    if (const Record* record = find(ref)) return &record->head.generation;
    const auto removal = removals.find(ref);
    return removal == removals.end() ? nullptr : &removal->second;
}

std::vector<wire::Held> Book::held() const {
    std::vector<wire::Held> held;
    for (const auto& [ref, record] : records_) {
        if (record.head.origin == wire::Origin::orchestrator) {
            held.push_back({ref, record.head.generation});
        }
    }
    return held;
}

bool is_superseded(const wire::Generation& offered, const wire::Generation* held) {
    return held && !offered.empty() && offered.stream == held->stream &&
           offered.revision < held->revision;
}

}  // namespace evenkeel::agent
