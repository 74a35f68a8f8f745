#include "watch.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <sys/socket.h>

namespace nft_sets {

namespace {

// What may wait to be read; beyond it, events are lost and told as lost.
constexpr int kQueueBytes = 1 << 20;

std::string_view family_of(unsigned number) {
    switch (number) {
        case NFPROTO_IPV4:
            return "ip";
        case NFPROTO_IPV6:
            return "ip6";
        case NFPROTO_INET:
            return "inet";
        case NFPROTO_ARP:
            return "arp";
        case NFPROTO_BRIDGE:
            return "bridge";
        case NFPROTO_NETDEV:
            return "netdev";
        default:
            return {};
    }
}

// A table's name and, of a set or its elements, the set's: the first two attributes of each.
struct Names {
    static_assert(NFTA_TABLE_NAME == 1 && NFTA_SET_TABLE == 1 && NFTA_SET_ELEM_LIST_TABLE == 1);
    static_assert(NFTA_SET_NAME == 2 && NFTA_SET_ELEM_LIST_SET == 2);
    std::string table, set;
};

int take_name(const nlattr* attribute, void* data) {
    auto& names = *static_cast<Names*>(data);
    const auto type = mnl_attr_get_type(attribute);
    if ((type != NFTA_SET_TABLE && type != NFTA_SET_NAME) ||
        mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0)
        return MNL_CB_OK;
    (type == NFTA_SET_TABLE ? names.table : names.set) = mnl_attr_get_str(attribute);
    return MNL_CB_OK;
}

}  // namespace

SetWatch::SetWatch(const sdk::WatchHost& host)
    : host_(host),
      socket_(mnl_socket_open2(NETLINK_NETFILTER, SOCK_NONBLOCK | SOCK_CLOEXEC), mnl_socket_close) {
    constexpr unsigned kGroup = 1u << (NFNLGRP_NFTABLES - 1);
    if (!socket_ || mnl_socket_bind(socket_.get(), kGroup, MNL_SOCKET_AUTOPID) != 0)
        throw sdk::Failure(EK_E_UNAVAILABLE,
                           std::string("cannot listen to nftables: ") + std::strerror(errno));
    const int fd = mnl_socket_get_fd(socket_.get());
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kQueueBytes, sizeof kQueueBytes);
    host_.fd(fd, POLLIN);
}

SetWatch::~SetWatch() {
    try {
        host_.fd(mnl_socket_get_fd(socket_.get()), 0);
    } catch (const sdk::Failure&) {  // it knows of none, then
    }
}

void SetWatch::interest(std::string_view id, bool on) {
    if (on) wanted_.emplace(id);
    else wanted_.erase(std::string(id));
}

void SetWatch::ready(int, std::uint32_t) {
    alignas(nlmsghdr) std::array<char, 32768> bytes{};
    const auto on_message = [](const nlmsghdr* message, void* self) {
        static_cast<SetWatch*>(self)->on_message(message);
        return MNL_CB_OK;
    };
    // What is left then wakes it again, after the watches of others.
    for (int left = 1000; left > 0; --left) {
        const ssize_t count = mnl_socket_recvfrom(socket_.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && (errno == ENOBUFS || errno == ENOSPC)) {
            host_.missed();
            continue;
        }
        if (count <= 0) return;
        mnl_cb_run(bytes.data(), static_cast<std::size_t>(count), 0, 0, on_message, this);
    }
}

// The kernel tells of a transaction when it is complete, so all is settled.
void SetWatch::on_message(const nlmsghdr* message) {
    if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
        message->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(nfgenmsg))
        return;
    const auto* header = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message));
    const unsigned what = NFNL_MSG_TYPE(message->nlmsg_type);
    const bool is_set = what == NFT_MSG_NEWSET || what == NFT_MSG_DELSET ||
                        what == NFT_MSG_NEWSETELEM || what == NFT_MSG_DELSETELEM;
    if (!is_set && what != NFT_MSG_NEWTABLE) return;
    Names names;
    mnl_attr_parse(message, sizeof(nfgenmsg), take_name, &names);
    const std::string id =
        std::string(family_of(header->nfgen_family)) + "/" + names.table + "/" + names.set;
    if (is_set && wanted_.count(id) != 0) host_.changed(id);
    // Sets that waited for their table.
    if (what == NFT_MSG_NEWTABLE)
        for (auto one = wanted_.lower_bound(id); one != wanted_.end(); ++one) {
            if (one->compare(0, id.size(), id) != 0) break;
            host_.changed(*one);
        }
}

}  // namespace nft_sets
