#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "orchestrator/state/enrolment.hpp"
#include "orchestrator/state/repository.hpp"

namespace evenkeel::state {

class List;

// How machines came in, or want to: one record for each public key that has announced itself, and
// one for each clone that was seen of a host.
class Enrolments : protected Repository {
  public:
    explicit Enrolments(const View& view) : Repository(view) {}

    // By its key; a fingerprint is the key of what is no clone. O(1)
    Result<std::optional<Enrolment>> find(std::string_view key) const;
    // The clones of a public key. O(answer)
    Result<std::vector<Enrolment>> clones_of(const std::string& fingerprint) const;
    // Those in this state, by key. Records that do not decode are skipped. O(enrolments)
    Result<void> each_in(EnrolmentState state, const std::function<void(Enrolment)>& visit) const;

    // By key.
    List list() const;
    static Result<Enrolment> read(const Entry& entry);
    static std::string id_of(const Entry& entry);
    static std::string position_of(std::string_view id);
};

class EnrolmentEdits : public Enrolments, private RepositoryEdits {
  public:
    explicit EnrolmentEdits(Edit& edit);

    // With the event enrolment.changed. O(1)
    Result<void> put(const Enrolment& enrolment);
    // Forgets it; the event shows it a last time as it is here. O(1)
    Result<void> erase(const Enrolment& enrolment);
};

}  // namespace evenkeel::state
