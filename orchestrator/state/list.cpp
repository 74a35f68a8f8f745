#include "orchestrator/state/list.hpp"

#include <utility>

#include "core/store/txn.hpp"
#include "orchestrator/state/view.hpp"

namespace evenkeel::state {
namespace {

store::ReadTxn::Visit as_entry(const List::Visit& visit) {
    return
        [&visit](std::string_view key, std::string_view value) { return visit(Entry(key, value)); };
}

}  // namespace

Result<void> List::walk(const View& view, const Visit& visit, std::string_view after) const {
    store::Range range{.from = from_, .until = until_, .reverse = reversed_};
    if (!after.empty()) range = range.after(after);
    return view.txn_->scan({table_}, range, as_entry(visit));
}

Result<void> List::walk_below(const View& view, std::string_view beginning,
                              const Visit& visit) const {
    return view.txn_->scan({table_}, store::Range::prefix(std::string(beginning)),
                           [&](std::string_view key, std::string_view value) {
                               return !covers(key) || visit(Entry(key, value));
                           });
}

Result<void> List::visit(const View& view, std::string_view position, const Visit& visit) const {
    if (!covers(position)) return {};
    const auto record = EK_TRY(view.txn_->get({table_}, position));
    if (record) visit(Entry(position, *record));
    return {};
}

bool List::covers(std::string_view position) const {
    return position >= from_ && (until_.empty() || position < until_);
}

bool List::meets(std::string_view beginning) const {
    return covers(beginning) || from_.starts_with(beginning);
}

List List::reversed() const {
    List other = *this;
    other.reversed_ = !reversed_;
    return other;
}

}  // namespace evenkeel::state
