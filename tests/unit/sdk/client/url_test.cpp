#include "sdk/client/cpp/url.hpp"

#include <gtest/gtest.h>

#include "sdk/client/cpp/impl.hpp"

namespace evenkeel::client {
namespace {

TEST(BaseUrl, KnowsThisMachine) {
    for (const char* url : {"http://localhost:7780", "http://127.0.0.1", "https://127.9.9.9:1",
                            "http://[::1]:7780/prefix/"}) {
        const auto base = parse_base_url(url);
        ASSERT_TRUE(base) << url;
        EXPECT_TRUE(base->is_loopback) << url;
        EXPECT_FALSE(base->text.ends_with('/'));
    }
    for (const char* url : {"http://localhost.example", "http://127.0.0.1.example",
                            "https://10.0.0.1", "http://[::2]"}) {
        const auto base = parse_base_url(url);
        ASSERT_TRUE(base) << url;
        EXPECT_FALSE(base->is_loopback) << url;
    }
}

TEST(BaseUrl, RefusesWhatIsNoPlainHttpUrl) {
    for (const char* url :
         {"", "localhost", "ftp://localhost", "file:///etc/passwd", "http://user@localhost",
          "http://localhost/?a=b", "http://localhost/#x", "http://local host/"}) {
        EXPECT_FALSE(parse_base_url(url)) << url;
    }
}

TEST(Query, EncodesValuesAndLeavesEmptyOnesOut) {
    EXPECT_EQ(encode_query({{"host", "a b&c"}, {"state", ""}, {"cursor", "x="}}),
              "host=a%20b%26c&cursor=x%3D");
}

TEST(BackOff, GrowsToItsBoundAndIsNeverNothing) {
    using std::chrono::milliseconds;
    for (int attempt = 0; attempt < 200; ++attempt) {
        const auto pause = Client::Impl::back_off(attempt, milliseconds(100), milliseconds(5'000));
        EXPECT_GE(pause, milliseconds(25));
        EXPECT_LE(pause, milliseconds(5'000));
    }
    EXPECT_LE(Client::Impl::back_off(0, milliseconds(100), milliseconds(5'000)), milliseconds(100));
}

TEST(Client, RefusesATokenThatIsNoWordOrWouldTravelInTheClear) {
    EXPECT_TRUE(Client::open({.url = "http://127.0.0.1", .token = "t"}));
    EXPECT_TRUE(Client::open({.url = "https://example.org", .token = "t"}));
    EXPECT_TRUE(Client::open({.url = "http://example.org"}));
    EXPECT_FALSE(Client::open({.url = "http://example.org", .token = "t"}));
    EXPECT_FALSE(Client::open({.url = "http://127.0.0.1", .token = "t\r\nX: y"}));
    EXPECT_FALSE(Client::open({.url = "http://127.0.0.1", .token = "two words"}));
}

TEST(Client, EndsAtOnceWhenItIsCancelled) {
    Cancel cancel;
    cancel.cancel();
    auto client = Client::open({.url = "http://127.0.0.1:1", .cancel = &cancel});
    ASSERT_TRUE(client);
    const auto hosts = client->hosts();
    ASSERT_FALSE(hosts);
    EXPECT_EQ(hosts.error().kind, Kind::cancelled);
}

}  // namespace
}  // namespace evenkeel::client
