#pragma once

#include <cstdint>

#include "core/base/result.hpp"

namespace evenkeel::store {
class ReadTxn;
}

namespace evenkeel::state {

class AuditTrail;
class Bodies;
class Collections;
class Commands;
class EnrolmentTokens;
class Enrolments;
class Events;
class Hosts;
class Leases;
class MirroredNames;
class ModelObjects;
class Plans;
class Replies;
class Requirements;
class Resources;
class ToCompile;
class Tokens;
class WantedOfHosts;
struct Tables;

// A snapshot of the state: one repository with named queries for each kind of stored object
// (repository.hpp). A small handle over a transaction that outlives it. Include the header of the
// repository that you use: orchestrator/state/hosts.hpp for hosts().
class View {
  public:
    View(const store::ReadTxn& txn, const Tables& tables) : txn_(&txn), tables_(&tables) {}

    Hosts hosts() const;
    Collections collections() const;
    Resources resources() const;
    Bodies bodies() const;
    MirroredNames mirrored_names() const;
    ModelObjects model_objects() const;
    Plans plans() const;
    Requirements requirements() const;
    Commands commands() const;
    Events events() const;
    Tokens tokens() const;
    Enrolments enrolments() const;
    EnrolmentTokens enrolment_tokens() const;
    AuditTrail audit_trail() const;
    Replies replies() const;
    Leases leases() const;
    ToCompile to_compile() const;
    WantedOfHosts wanted() const;

    // The last revision given out. O(1)
    Result<std::uint64_t> revision() const;

  protected:
    friend class List;
    friend class Repository;
    const store::ReadTxn* txn_;
    const Tables* tables_;
};

}  // namespace evenkeel::state
