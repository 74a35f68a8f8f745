#include "core/base/names.hpp"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

enum class Color { red, green };
constexpr auto enum_names(Color) {
    return names<Color>("color", {{Color::red, "red"}, {Color::green, "green"}});
}

TEST(Names, AreReadBackAsTheValuesThatHaveThem) {
    static_assert(to_string(Color::green) == "green");
    static_assert(find_name<Color>("red") == Color::red);
    EXPECT_EQ(*from_string<Color>("green"), Color::green);
    EXPECT_EQ(joined_names<Color>(), "red, green");
}

TEST(Names, RefuseAnotherOneAndSayWhichThereAre) {
    EXPECT_FALSE(find_name<Color>("Red"));
    const auto wrong = from_string<Color>("blue\n");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::invalid);
    EXPECT_EQ(wrong.error().what, "color 'blue\\n' is none of red, green");
}

TEST(OpenName, KeepsATextThatANewerVersionKnows) {
    const OpenName<Color> known("green");
    EXPECT_EQ(known, Color::green);
    EXPECT_EQ(known.text(), "green");
    const OpenName<Color> newer("violet");
    EXPECT_FALSE(newer.known());
    EXPECT_EQ(newer.text(), "violet");
    EXPECT_FALSE(newer == Color::red);
    EXPECT_EQ(newer, OpenName<Color>("violet"));
    EXPECT_FALSE(newer == known);
    EXPECT_TRUE(OpenName<Color>().empty());
    EXPECT_FALSE(newer.empty());
}

}  // namespace
}  // namespace evenkeel
