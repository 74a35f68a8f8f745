#include <evenkeel/cpp/fd.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>

namespace evenkeel::sdk {
namespace {

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(Fd, ClosesWhatItOwns) {
    Fd first(::open("/", O_RDONLY));
    const int number = first.get();
    ASSERT_TRUE(first && is_open(number));
    Fd second(std::move(first));
    EXPECT_FALSE(first);
    EXPECT_TRUE(is_open(number));
    second = Fd(::open("/tmp", O_RDONLY));
    EXPECT_FALSE(is_open(number)) << "the one before";
    const int other = second.get();
    { const Fd last = std::move(second); }
    EXPECT_FALSE(is_open(other));
}

TEST(Fd, GivesUpWhatIsReleased) {
    Fd fd(::open("/", O_RDONLY));
    const int number = fd.release();
    EXPECT_FALSE(fd);
    EXPECT_TRUE(is_open(number));
    ::close(number);
}

}  // namespace
}  // namespace evenkeel::sdk
