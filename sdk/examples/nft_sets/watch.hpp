#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <evenkeel/plugin.hpp>

struct mnl_socket;
struct nlmsghdr;

namespace nft_sets {

namespace sdk = evenkeel::sdk;

// Hears from the kernel of every transaction of nftables in this network namespace. [reactor]
class SetWatch {
  public:
    // Throws EK_E_UNAVAILABLE where nobody may listen.
    explicit SetWatch(const sdk::WatchHost& host);
    ~SetWatch();
    SetWatch(const SetWatch&) = delete;
    SetWatch& operator=(const SetWatch&) = delete;

    // All is heard; hints are given of these.
    void interest(std::string_view id, bool on);
    void ready(int fd, std::uint32_t revents);

  private:
    void on_message(const nlmsghdr* message);

    sdk::WatchHost host_;
    std::unique_ptr<mnl_socket, int (*)(mnl_socket*)> socket_;
    std::set<std::string, std::less<>> wanted_;
};

}  // namespace nft_sets
