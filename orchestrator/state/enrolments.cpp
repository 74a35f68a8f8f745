#include "orchestrator/state/enrolments.hpp"

#include <utility>

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/event.hpp"
#include "orchestrator/state/records.hpp"
#include "orchestrator/state/to_rest.hpp"

// enrolments: Enrolment::key() -> Enrolment
namespace evenkeel::state {
namespace {

Result<Enrolment> decode(std::string_view key, std::string_view text) {
    return decode_enrolment(key, EK_TRY(parse_record(text)));
}

}  // namespace

Enrolments View::enrolments() const {
    return Enrolments(*this);
}

EnrolmentEdits Edit::enrolments() {
    return EnrolmentEdits(*this);
}

Result<std::optional<Enrolment>> Enrolments::find(std::string_view key) const {
    const auto text = EK_TRY(txn_->get(tables_->enrolments, key));
    if (!text) return std::optional<Enrolment>();
    return std::optional<Enrolment>(EK_TRY(decode(key, *text)));
}

Result<std::vector<Enrolment>> Enrolments::clones_of(const std::string& fingerprint) const {
    std::vector<Enrolment> found;
    Result<void> read;
    EK_CHECK(txn_->scan(tables_->enrolments, store::Range::prefix(fingerprint + "-"),
                        [&](std::string_view key, std::string_view text) {
                            auto one = decode(key, text);
                            if (!one) read = fail(one.error());
                            if (one) found.push_back(*std::move(one));
                            return read.has_value();
                        }));
    EK_CHECK(read);
    return found;
}

Result<void> Enrolments::each_in(EnrolmentState state,
                                 const std::function<void(Enrolment)>& visit) const {
    return txn_->scan(tables_->enrolments, store::Range::all(),
                      [&](std::string_view key, std::string_view text) {
                          auto one = decode(key, text);
                          if (one && one->state == state) visit(*std::move(one));
                          return true;
                      });
}

List Enrolments::list() const {
    return Record::list(tables_->enrolments);
}

Result<Enrolment> Enrolments::read(const Entry& entry) {
    return decode(entry.position(), Record::text(entry));
}

std::string Enrolments::id_of(const Entry& entry) {
    return enrolment_id_of(entry.position());
}

std::string Enrolments::position_of(std::string_view id) {
    return key_of(id);
}

EnrolmentEdits::EnrolmentEdits(Edit& edit) : Enrolments(edit), RepositoryEdits(edit) {}

Result<void> EnrolmentEdits::put(const Enrolment& enrolment) {
    EK_CHECK(put_record(*write_, tables_->enrolments, enrolment.key(), encode(enrolment)));
    EK_CHECK(edit_->add_event(EventType::enrolment_changed, enrolment.host, enrolment.id(),
                              show(enrolment)));
    return {};
}

Result<void> EnrolmentEdits::erase(const Enrolment& enrolment) {
    EK_CHECK(write_->erase(tables_->enrolments, enrolment.key()));
    EK_CHECK(edit_->add_event(EventType::enrolment_changed, enrolment.host, enrolment.id(),
                              show(enrolment)));
    return {};
}

}  // namespace evenkeel::state
