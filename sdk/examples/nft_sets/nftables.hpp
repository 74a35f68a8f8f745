#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "found.hpp"
#include "set.hpp"

struct nft_ctx;

namespace nft_sets {

// The tables of this network namespace, by libnftables. One caller at a time. Members throw
// sdk::Failure with the words of nftables.
class Nftables {
  public:
    // EK_E_UNAVAILABLE where the kernel has none.
    Nftables();

    std::vector<Found> sets();  // those that can have an id
    std::optional<Found> find(const SetName& name);
    bool has_table(const SetName& name);
    // Makes the set so, in one transaction: no packet meets it half done. `now` is what find()
    // said.
    void write(const SetName& name, const Set& wanted, const Found* now);
    void remove(const SetName& name);

  private:
    std::string list(const char* kind, const std::string& which, unsigned flags = 0);
    bool has(const SetName& name);
    std::optional<std::string> run(const std::string& commands, unsigned flags, std::string& words);
    void commit(const SetName& name, const std::string& commands, const char* doing);

    std::unique_ptr<nft_ctx, void (*)(nft_ctx*)> context_;
};

}  // namespace nft_sets
