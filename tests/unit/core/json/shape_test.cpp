#include "core/json/shape.hpp"

#include <gtest/gtest.h>

namespace evenkeel::json {
namespace {

enum class Color { red, green };
constexpr auto enum_names(Color) {
    return names<Color>("color", {{Color::red, "red"}, {Color::green, "green"}});
}

struct Wheel {
    std::int64_t size = 0;
    std::string maker;
    friend bool operator==(const Wheel&, const Wheel&) = default;
};
constexpr auto fields_of(Of<Wheel>) {
    return shape(field_as<Whole<1, 30>>("size", &Wheel::size),
                 field_as<TextOrNull>("maker", &Wheel::maker))
        .called("Wheel");
}

struct Place {
    std::string town;
    friend bool operator==(const Place&, const Place&) = default;
};
constexpr auto fields_of(Of<Place>) {
    return shape(field_as<NonEmpty>("town", &Place::town));
}

struct Cart {
    Place place;
    Color color = Color::red;
    std::vector<Wheel> wheels;
    std::optional<Wheel> spare;
    std::string owner;
    std::int64_t low = 0;
    std::int64_t high = 0;
    friend bool operator==(const Cart&, const Cart&) = default;
};
constexpr auto fields_of(Of<Cart>) {
    return shape(inlined(&Cart::place), field("color", &Cart::color).optional(),
                 field("wheels", &Cart::wheels).says("As many as it has."),
                 field("spare", &Cart::spare).unpromised(),
                 field("owner", &Cart::owner).lenient().written_if([](const Cart& from) {
                     return !from.owner.empty();
                 }),
                 group("load", field("low", &Cart::low), field("high", &Cart::high))
                     .null_unless([](const Cart& from) { return from.high != 0; }));
}

const Cart kCart{
    {"Ulm"}, Color::green, {{12, "x"}, {13, ""}}, Wheel{14, "y"}, "z", 1, 2,
};

std::string error_in(std::string_view text) {
    const auto read = decode<Cart>(*parse(text));
    return read ? "" : read.error().what;
}

TEST(Shape, WritesTheMembersInTheOrderOfTheTable) {
    EXPECT_EQ(write(encode_shape(kCart)),
              R"({"town":"Ulm","color":"green","wheels":[{"size":12,"maker":"x"},)"
              R"({"size":13,"maker":null}],"spare":{"size":14,"maker":"y"},"owner":"z",)"
              R"("load":{"low":1,"high":2}})");
    EXPECT_EQ(write(encode_shape(Cart{})),
              R"({"town":"","color":"red","wheels":[],"spare":null,"load":null})");
}

TEST(Shape, ReadsBackWhatItWrote) {
    EXPECT_EQ(*decode<Cart>(encode_shape(kCart)), kCart);
}

TEST(Shape, NamesWhatIsWrongByItsPointer) {
    EXPECT_EQ(error_in("[]"), "the value is not an object");
    EXPECT_EQ(error_in(R"({"town":""})"), "/town: is empty");
    EXPECT_EQ(error_in(R"({"town":"a","color":"blue"})"),
              "/color: the color 'blue' is none of red, green");
    EXPECT_EQ(error_in(R"({"town":"a","wheels":[{"size":1},{"size":31}]})"),
              "/wheels/1/size: is not a whole number from 1 to 30");
    EXPECT_EQ(error_in(R"({"town":"a","wheels":{}})"), "/wheels: is no array");
    EXPECT_EQ(error_in(R"({"town":"a","load":{"low":1}})"),
              "/load/high: is not a whole number from -9223372036854775808 to "
              "9223372036854775807");
}

TEST(Shape, LeavesAloneWhatIsAbsentOrUnknownOrLenient) {
    const auto read = decode<Cart>(*parse(R"({"town":"a","wheels":[],"owner":5,"later":true})"));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->color, Color::red);
    EXPECT_EQ(read->owner, "");
    EXPECT_FALSE(read->spare);
}

TEST(Shape, GivesTheSchema) {
    EXPECT_EQ(write(Codec<Wheel>::schema()), R"({"$ref":"#/components/schemas/Wheel"})");
    EXPECT_EQ(shape_schema<Wheel>(),
              *parse(R"({"type":"object","required":["size","maker"],"properties":)"
                     R"({"size":{"type":"integer"},"maker":{"type":["string","null"]}}})"));
    const Value cart = shape_schema<Cart>();
    EXPECT_EQ(cart["required"], (Array{"town", "color", "wheels", "load"}));
    EXPECT_EQ(cart["properties"]["color"], *parse(R"({"enum":["red","green"]})"));
    EXPECT_EQ(cart["properties"]["wheels"],
              *parse(R"({"type":"array","items":{"$ref":"#/components/schemas/Wheel"},)"
                     R"("description":"As many as it has."})"));
    EXPECT_EQ(cart["properties"]["spare"],
              *parse(R"({"oneOf":[{"$ref":"#/components/schemas/Wheel"},{"type":"null"}]})"));
}

struct Order {
    std::string name = "x";
    std::int64_t size = 7;
    friend bool operator==(const Order&, const Order&) = default;
};
constexpr auto fields_of(Of<Order>) {
    return shape(field("name", &Order::name).omissible().refused_as("must be a name"),
                 field_as<Whole<1, 9>>("size", &Order::size).defaulted());
}

TEST(Shape, ReportsEverythingThatIsWrongAtOnce) {
    Order order;
    std::string wrong;
    const auto report = [&](const Wrong& one) { wrong += one.pointer + ": " + one.detail + "; "; };
    decode_each(*parse(R"({"name":null,"size":10})"), order, report);
    EXPECT_EQ(wrong, "/name: must be a name; /size: is not a whole number from 1 to 9; ");
    wrong.clear();
    decode_each(*parse("{}"), order, report);
    EXPECT_EQ(wrong, "");
    EXPECT_EQ(order, Order{});
}

struct Parcel {
    Order order;
    std::int64_t weight = 0;
};
constexpr auto fields_of(Of<Parcel>) {
    return shape(inlined(&Parcel::order), field("weight", &Parcel::weight));
}

TEST(Shape, ReportsEverythingThatIsWrongInInlinedMembersToo) {
    Parcel parcel;
    std::string wrong;
    decode_each(*parse(R"({"name":null,"size":10,"weight":"x"})"), parcel,
                [&](const Wrong& one) { wrong += one.pointer + " "; });
    EXPECT_EQ(wrong, "/name /size /weight ");
}

TEST(Shape, NamesADefaultInTheSchema) {
    EXPECT_EQ(shape_schema<Order>(),
              *parse(R"({"type":"object","properties":{"name":{"type":"string"},)"
                     R"("size":{"type":"integer","default":7}}})"));
}

}  // namespace
}  // namespace evenkeel::json
