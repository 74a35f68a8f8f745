#include "core/crypto/secret.hpp"

#include <iostream>
#include <sstream>
#include <type_traits>

#include <gtest/gtest.h>

namespace evenkeel::crypto {
namespace {

template <typename T, typename = void>
struct Printable : std::false_type {};
template <typename T>
struct Printable<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<T>())>>
    : std::true_type {};

static_assert(Printable<std::string>::value);
static_assert(!Printable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);
static_assert(!std::is_convertible_v<const char*, Secret>);

TEST(Secret, ComparesByValue) {
    const Secret secret{std::string_view("hunter2")};
    EXPECT_TRUE(secret.equals("hunter2"));
    EXPECT_FALSE(secret.equals("hunter3"));
    EXPECT_FALSE(secret.equals("hunter"));
    EXPECT_TRUE(Secret().equals(""));
}

TEST(Secret, LeavesNothingInWhatItWasMadeFrom) {
    std::string text = "short";  // kept inside the string object itself
    const char* const bytes = text.data();
    const Secret secret(std::move(text));
    EXPECT_EQ(secret.reveal(), "short");
    EXPECT_EQ(std::string(bytes, 5), std::string(5, '\0'));
}

TEST(Secret, LeavesNothingBehindWhenItMovesOrGoes) {
    alignas(Secret) unsigned char place[sizeof(Secret)] = {};
    auto* const first = new (place) Secret(std::string_view("short"));
    const Secret second(std::move(*first));
    EXPECT_TRUE(first->empty());
    const std::string_view memory(reinterpret_cast<const char*>(place), sizeof(place));
    EXPECT_EQ(memory.find("short"), std::string_view::npos);
    *first = second;
    EXPECT_NE(memory.find("short"), std::string_view::npos);
    first->~Secret();
    EXPECT_EQ(memory.find("short"), std::string_view::npos);
    EXPECT_EQ(second.reveal(), "short");
}

TEST(Secret, SurvivesAssignmentToItself) {
    Secret secret{std::string_view("a value that does not fit inside the object")};
    const Secret& same = secret;
    secret = same;
    EXPECT_EQ(secret.size(), 43U);
}

}  // namespace
}  // namespace evenkeel::crypto
