#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/agent/book.hpp"
#include "core/agent/compliance.hpp"
#include "core/agent/judge.hpp"
#include "core/agent/units.hpp"
#include "core/run/loop.hpp"

namespace evenkeel::agent {

// Reads resources again when there is a reason to, and gives what it saw to the Judge. Reasons that
// come together are one look; at most one batch is on a lane at a time, so that commands get in
// between. [loop]
class Checker {
  public:
    Checker(Book& book, Units& units, Judge& judge, run::Loop& loop,
            std::shared_ptr<const AgentStore> store);

    // Looks at one resource soon. Nothing happens when it is not described or not watched.
    void ask(const wire::Ref& ref, Cause cause);
    void ask_collection(const std::string& collection, Cause cause);
    // Looks at all of `refs` and then calls `done`.
    void round(std::vector<wire::Ref> refs, Cause cause, std::function<void()> done);

    // Somebody is at work on `ref`: differences mean nothing until he is done, which is told by
    // settled(), or for a minute.
    void unsettled(const wire::Ref& ref);
    // An empty id: all of the collection.
    void settled(const std::string& collection, const std::string& id);
    bool is_unsettled(const wire::Ref& ref) const;

    // No job works on `ref` any more: what was asked meanwhile is looked at now.
    void released(const wire::Ref& ref);

    static constexpr std::size_t kBatchMost = 64;
    // The pause between two looks at the same resource, for those that change all the time.
    std::chrono::milliseconds pause{20};

  private:
    struct Lot {
        std::map<std::string, Cause> waiting;
        bool busy = false;
        run::Timer pause;
    };
    struct Round {
        std::set<wire::Ref> left;
        std::function<void()> done;
    };

    bool can_check(const Record* record) const;
    void pump(const std::string& collection);
    std::vector<std::string> batch_of(const std::string& collection, Lot& lot,
                                      std::map<std::string, Cause>& causes);
    void on_looks(const std::string& collection, const std::map<std::string, Cause>& causes,
                  const std::map<std::string, std::uint64_t>& editions, Result<Looks> looks);
    bool is_put_off(const wire::Ref& ref);
    void take(const wire::Ref& ref, Cause cause, std::uint64_t edition, const Look& look);
    void over(const wire::Ref& ref);

    Book& book_;
    Units& units_;
    Judge& judge_;
    run::Loop& loop_;
    std::shared_ptr<const AgentStore> store_;
    std::map<std::string, Lot> lots_;
    std::map<wire::Ref, Cause> held_;               // asked while a job works on it
    std::map<wire::Ref, std::uint64_t> unsettled_;  // since when, CLOCK_MONOTONIC
    std::map<wire::Ref, std::uint64_t> put_off_;    // likewise
    std::list<Round> rounds_;
};

}  // namespace evenkeel::agent
