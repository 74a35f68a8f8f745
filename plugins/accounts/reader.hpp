#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <evenkeel/plugin.hpp>

#include "plugins/accounts/database.hpp"
#include "plugins/accounts/etc_watch.hpp"

namespace evenkeel::accounts {

// How a collection reads its kind of accounts. `state` and `description` return JSON; nothing if
// there is no such account.
struct AccountKind {
    using ToJson = std::optional<std::string> (*)(const Database&, const std::string& id);

    std::vector<std::string> (*names)(const Database&);
    ToJson state, description;
};

template <typename Account>
std::vector<std::string> names_in(const std::vector<Account>& accounts) {
    std::vector<std::string> names;
    for (const Account& account : accounts) names.push_back(account.name);
    return names;
}

// list, read and watch of a collection of accounts, as its base class. Accounts whose name cannot
// be described are not listed.
class Reader {
  public:
    explicit Reader(const AccountKind& kind, std::string etc = "/etc")
        : kind_(kind), etc_(std::move(etc)) {}

    void list(const sdk::Call& call, std::string_view filter) const;
    void read(const sdk::Call& call, std::string_view ids) const;

    class Watch : public EtcWatch {
      public:
        Watch(const Reader& reader, const sdk::Call& call, const sdk::WatchHost& host);
    };

  private:
    AccountKind kind_;
    std::string etc_;
    sdk::Stamper stamp_;
};

}  // namespace evenkeel::accounts
