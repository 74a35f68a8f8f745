#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/agent/model/records.hpp"
#include "core/plugin/call_marks.hpp"

namespace evenkeel::agent {

class Journal;

// The plugins that are held because an earlier process ended in a call of theirs, else this one
// would end in the same call; or because their own process ended too often. An administrator lets
// one in again (the request `release`), as does another version of it. [loop]
class HeldPlugins {
  public:
    // Reads the marks that the last process left in the state folder.
    HeldPlugins(const std::string& state_dir, std::vector<HeldCollection> stored, Journal& journal);

    // Why the collection is not to be called; nothing if it may. `plugin` is "files 0.1.0".
    std::optional<std::string> reason(const std::string& collection, const std::string& plugin);
    // Why not even the code of a plugin with these collections is to be loaded: it did not come
    // back from that, or, where it `is_isolated`, in a process of its own, all its collections are
    // held.
    std::optional<std::string> reason_not_to_load(const std::vector<std::string>& collections,
                                                  const std::string& plugin, bool is_isolated);

    // Holds the collection from now on, in later processes too.
    void hold(const std::string& collection, const std::string& plugin, const std::string& why);
    // Lets it in again; false when it was not held.
    bool let_in(const std::string& collection);

    // The mark for one kind of calls of the collection. Null, after a warning, when there is none.
    enum class Calls { changes, reads, watch, loading };
    std::shared_ptr<plugin::CallMark> open_mark(const std::string& collection,
                                                const std::string& plugin, Calls calls) const;

  private:
    void take(const plugin::LostCall& lost);
    Result<void> keep(const HeldCollection& held);
    const HeldCollection* find(const std::string& collection, const std::string& plugin);

    std::string folder_;
    std::map<std::string, HeldCollection> held_;  // by collection
    Journal& journal_;
};

}  // namespace evenkeel::agent
