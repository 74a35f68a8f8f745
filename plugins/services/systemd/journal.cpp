#include "plugins/services/systemd/journal.hpp"

#include <memory>
#include <string_view>
#include <vector>

#include <evenkeel/cpp/fd.hpp>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>

namespace evenkeel::services {

namespace {

constexpr std::size_t kLinesMax = 5;
constexpr std::size_t kLineBytesMax = 200;
constexpr std::string_view kSocket = "/run/systemd/journal/io.systemd.journal";

struct Close {
    void operator()(sd_journal* journal) const { sd_journal_close(journal); }
};

// Has the journal take in what has been sent to it: lines of a process that has just ended may
// still be on the way. It is the call of journalctl --sync, which no library offers.
void synchronize() {
    const sdk::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    kSocket.copy(address.sun_path, sizeof address.sun_path - 1);
    const timeval limit{1, 0};
    if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return;
    static constexpr char kRequest[] =
        R"({"method":"io.systemd.Journal.Synchronize","parameters":{}})";
    if (::send(fd.get(), kRequest, sizeof kRequest, MSG_NOSIGNAL) != sizeof kRequest) return;
    char reply[256];
    [[maybe_unused]] const auto got = ::recv(fd.get(), reply, sizeof reply, 0);
}

std::string message_of(sd_journal* journal) {
    constexpr std::string_view kField = "MESSAGE=";
    const void* data = nullptr;
    std::size_t size = 0;
    if (sd_journal_get_data(journal, "MESSAGE", &data, &size) < 0 || size <= kField.size())
        return {};
    const std::string_view text(static_cast<const char*>(data), size);
    return std::string(text.substr(kField.size()));
}

bool is_before(sd_journal* journal, std::uint64_t since_us) {
    std::uint64_t at_us = 0;
    sd_id128_t boot{};
    return sd_journal_get_monotonic_usec(journal, &at_us, &boot) < 0 || at_us < since_us;
}

std::vector<std::string> newest_first(const std::string& unit, std::uint64_t since_us) {
    std::vector<std::string> lines;
    sd_journal* raw = nullptr;
    if (sd_journal_open(&raw, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM) < 0) return lines;
    const std::unique_ptr<sd_journal, Close> journal(raw);
    sd_id128_t boot{};
    char id[SD_ID128_STRING_MAX];
    if (sd_id128_get_boot(&boot) < 0) return lines;
    const std::string in_boot = std::string("_BOOT_ID=") + sd_id128_to_string(boot, id);
    const std::string of_unit = "_SYSTEMD_UNIT=" + unit;
    if (sd_journal_add_match(raw, in_boot.data(), in_boot.size()) < 0 ||
        sd_journal_add_match(raw, of_unit.data(), of_unit.size()) < 0 ||
        sd_journal_seek_tail(raw) < 0)
        return lines;
    while (lines.size() < kLinesMax && sd_journal_previous(raw) > 0) {
        if (is_before(raw, since_us)) break;
        // The whole line is searched for secrets before it is cut.
        std::string line = shortened(hidden(message_of(raw)), kLineBytesMax);
        if (!line.empty()) lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace

std::string last_lines(const std::string& unit, std::uint64_t since_us) {
    synchronize();
    const auto lines = newest_first(unit, since_us);
    std::string text;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
        text += (text.empty() ? "\"" : ", \"") + *line + "\"";
    return text;
}

}  // namespace evenkeel::services
