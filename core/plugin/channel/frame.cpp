#include "core/plugin/channel/frame.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>

namespace evenkeel::plugin {
namespace {

// Of a text: there is none.
constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::size_t kHeader = 2 * sizeof(std::uint32_t);
constexpr std::size_t kFirstBuffer = 4096;
// A buffer that was needed once for something large is given back.
constexpr std::size_t kKeptBuffer = 128 * 1024;

}  // namespace

FrameWriter::FrameWriter(FrameKind kind) : bytes_(sizeof(std::uint32_t), '\0') {
    u32(static_cast<std::uint32_t>(kind));
}

FrameWriter& FrameWriter::u32(std::uint32_t number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof(number));
    return *this;
}

FrameWriter& FrameWriter::u64(std::uint64_t number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof(number));
    return *this;
}

FrameWriter& FrameWriter::text(ek_str text) {
    if (text.ptr == nullptr) return u32(kNone);
    u32(static_cast<std::uint32_t>(text.len));
    bytes_.append(text.ptr, text.len);
    return *this;
}

FrameWriter& FrameWriter::text(std::string_view text) {
    return this->text(ek_str{text.data() != nullptr ? text.data() : "", text.size()});
}

std::string_view FrameWriter::bytes() {
    const auto payload = static_cast<std::uint32_t>(bytes_.size() - kHeader);
    std::memcpy(bytes_.data(), &payload, sizeof(payload));
    return bytes_;
}

bool FrameReader::take(void* into, std::size_t bytes) {
    good_ = good_ && left_.size() >= bytes;
    if (!good_) return false;
    if (bytes > 0) std::memcpy(into, left_.data(), bytes);
    left_.remove_prefix(bytes);
    return true;
}

std::uint32_t FrameReader::u32() {
    std::uint32_t number = 0;
    take(&number, sizeof(number));
    return number;
}

std::uint64_t FrameReader::u64() {
    std::uint64_t number = 0;
    take(&number, sizeof(number));
    return number;
}

ek_str FrameReader::text() {
    const std::uint32_t length = u32();
    if (!good_ || length == kNone) return {nullptr, 0};
    good_ = left_.size() >= length;
    if (!good_) return {nullptr, 0};
    const ek_str text{left_.data(), length};
    left_.remove_prefix(length);
    return text;
}

FrameSocket::FrameSocket(Fd socket, std::size_t most, bool takes_descriptors)
    : socket_(std::move(socket)), most_(most), takes_descriptors_(takes_descriptors) {}

ssize_t FrameSocket::receive(char* into, std::size_t bytes) {
    if (!takes_descriptors_) return ::recv(socket_.get(), into, bytes, 0);
    iovec piece{into, bytes};
    alignas(cmsghdr) char space[CMSG_SPACE(kDescriptorsMost * sizeof(int))];
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = space;
    message.msg_controllen = sizeof(space);
    const ssize_t length = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (length < 0) return length;
    for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
        for (std::size_t left = at->cmsg_len - CMSG_LEN(0), i = 0; left >= sizeof(int); ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(at) + i * sizeof(int), sizeof(int));
            left -= sizeof(int);
            Fd owned(fd);
            if (descriptors_.size() < kDescriptorsMost) descriptors_.push_back(std::move(owned));
        }
    }
    return length;
}

FrameSocket::Io FrameSocket::flush() {
    while (sent_ < out_.size()) {
        const ssize_t length =
            ::send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Io::would_block;
        if (length < 0) return Io::ended;
        sent_ += static_cast<std::size_t>(length);
    }
    if (out_.capacity() > kKeptBuffer) std::string().swap(out_);
    out_.clear();
    sent_ = 0;
    return Io::done;
}

FrameSocket::Io FrameSocket::fill() {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (in_.size() > kKeptBuffer) std::vector<char>().swap(in_);
    } else if (begin_ > 0 && end_ == in_.size()) {
        std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    // A frame is at most as large as take() allows, so this ends.
    if (end_ == in_.size()) in_.resize(std::max(kFirstBuffer, 2 * in_.size()));
    for (;;) {
        const ssize_t length = receive(in_.data() + end_, in_.size() - end_);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Io::would_block;
        if (length <= 0) return Io::ended;
        end_ += static_cast<std::size_t>(length);
        return Io::done;
    }
}

std::optional<FrameReader> FrameSocket::take() {
    std::uint32_t header[2];
    if (broken_ || end_ - begin_ < kHeader) return std::nullopt;
    std::memcpy(header, in_.data() + begin_, kHeader);
    if (header[0] > most_) broken_ = true;
    if (broken_ || end_ - begin_ - kHeader < header[0]) return std::nullopt;
    const char* payload = in_.data() + begin_ + kHeader;
    begin_ += kHeader + header[0];
    return FrameReader(static_cast<FrameKind>(header[1]), {payload, header[0]});
}

bool send_with(int socket, FrameWriter& frame, const std::vector<int>& descriptors) {
    const std::string_view bytes = frame.bytes();
    iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) char space[CMSG_SPACE(FrameSocket::kDescriptorsMost * sizeof(int))] = {};
    const std::size_t length =
        std::min(descriptors.size(), FrameSocket::kDescriptorsMost) * sizeof(int);
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (length > 0) {
        message.msg_control = space;
        message.msg_controllen = CMSG_SPACE(length);
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(length);
        std::memcpy(CMSG_DATA(header), descriptors.data(), length);
    }
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(bytes.size());
}

}  // namespace evenkeel::plugin
