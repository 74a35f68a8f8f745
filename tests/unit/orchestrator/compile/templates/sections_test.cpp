#include <gtest/gtest.h>

#include "tests/unit/orchestrator/compile/templates/fixture.hpp"

// Sections and inverted sections: what Mustache's specification says of them, and what is seen in
// them.
namespace evenkeel::templates {
namespace {

TEST(Sections, AreShownForWhatIsTrue) {
    for (const std::string value :
         {"true", "\"x\"", "\"false\"", "1", "-0.5", "[0]", "{\"a\":0}"}) {
        EXPECT_EQ(render("{{#x}}a{{/x}}{{^x}}b{{/x}}", "{\"x\":" + value + "}"), R"("a")") << value;
    }
    for (const std::string value : {"false", "\"\"", "0", "0.0", "-0.0", "[]", "{}", "null"}) {
        EXPECT_EQ(render("{{#x}}a{{/x}}{{^x}}b{{/x}}", "{\"x\":" + value + "}"), R"("b")") << value;
    }
}

TEST(Sections, AreShownOnceForEachItem) {
    EXPECT_EQ(render("{{#l}}{{n}};{{/l}}", R"({"l":[{"n":1},{"n":2},{"n":3}]})"), R"("1;2;3;")");
    EXPECT_EQ(render("{{#l}}{{.}};{{/l}}", R"({"l":["a",2,true]})"), R"("a;2;true;")");
    EXPECT_EQ(render("{{#l}}<{{#.}}{{.}}{{/.}}>{{/l}}", R"({"l":[[1,2],[3],[]]})"),
              R"("<12><3><>")");
    EXPECT_EQ(render("{{#l}}[{{#m}}{{.}}{{/m}}]{{/l}}", R"({"l":[{"m":[1,2]},{"m":[]}]})"),
              R"("[12][]")");
}

TEST(Sections, ShowAnObjectOnceWithItsMembers) {
    constexpr std::string_view kNames = R"({"o":{"a":1,"p":{"b":2}},"root_only":3})";
    EXPECT_EQ(render("{{#o}}{{a}}{{#p}}{{b}}{{/p}}{{/o}}", kNames), R"("12")");
    EXPECT_EQ(render("{{#o.p}}{{b}}{{.|json}}{{/o.p}}", kNames), R"("2{\"b\":2}")");
}

TEST(Sections, OfATruthValueChangeNoNames) {
    EXPECT_EQ(render("{{#t}}{{p}}{{^f}}{{p}}{{/f}}{{/t}}", R"({"t":true,"f":false,"p":1})"),
              R"("11")");
    EXPECT_EQ(render("{{#l}}{{#b}}{{.|json}}{{n}}{{/b}}{{/l}}", R"({"l":[{"b":true,"n":1}]})"),
              R"("{\"b\":true,\"n\":1}1")");
}

TEST(Sections, OfATextOrNumberGiveItAndChangeNoNames) {
    EXPECT_EQ(render("{{#s}}{{.}} {{s}} {{p}}{{/s}}", R"({"s":"x","p":1})"), R"("x x 1")");
    EXPECT_EQ(render("{{#l}}{{#n}}{{.}}{{m}}{{/n}}{{.}}{{/l}}", R"({"l":[{"n":7,"m":8}]})"),
              "line 1, column 31: expected a text, a number or a truth value: '.' is of type "
              "object, which takes |json");
}

TEST(Sections, SeeTheItemOnlyAndWhatIsOutsideByRoot) {
    constexpr std::string_view kNames =
        R"({"l":[{"n":1,"root":"/srv"}],"out":9,"o":{"n":5},"s":["x"]})";
    EXPECT_EQ(render("{{#l}}{{n}}{{root.out}}{{/l}}", kNames), R"("19")");
    EXPECT_EQ(render("{{#l}}{{root}}{{/l}}", kNames), R"("/srv")");
    EXPECT_EQ(render("{{#l}}{{#root.o}}{{n}}{{root.o.n}}{{/root.o}}{{/l}}", kNames), R"("55")");
    EXPECT_EQ(render_fault("{{#l}}{{out}}{{/l}}", kNames).what,
              "the item has no member 'out': expected one of root, n; 'root.out' is the name "
              "outside of the section");
    EXPECT_EQ(render_fault("{{#s}}{{out}}{{/s}}", kNames).what,
              "the item has no member 'out': expected an object, and it is of type string");
    EXPECT_EQ(render_fault("{{#o}}{{#root.s}}{{n}}{{/root.s}}{{/o}}", kNames).code,
              Errc::not_found);
}

TEST(Sections, CountTheItemsOfTheListAround) {
    constexpr std::string_view kNames = R"({"l":["a","b","c"],"t":true,"o":{"m":[7]}})";
    EXPECT_EQ(render("{{#l}}{{@index}}{{.}}{{^@last}}, {{/@last}}{{/l}}", kNames),
              R"("0a, 1b, 2c")");
    EXPECT_EQ(render("{{#l}}{{#@first}}<{{.}}{{/@first}}{{#@last}}{{.}}>{{/@last}}{{/l}}", kNames),
              R"("<ac>")");
    EXPECT_EQ(render("{{#l}}{{#root.o}}{{@index}}{{#m}}{{@index}}{{/m}}{{/root.o}}{{/l}}", kNames),
              R"("001020")");
    EXPECT_EQ(render("{{#l}}{{@first|json}}{{#if @index = 1}}!{{/if}}{{/l}}", kNames),
              R"("truefalse!false")");
}

TEST(Sections, MayStandInsideEachOtherAndBesideEachOther) {
    EXPECT_EQ(
        render("{{#a}}1{{#b}}2{{#a}}3{{/a}}{{/b}}{{/a}}{{#b}}4{{/b}}", R"({"a":true,"b":true})"),
        R"("1234")");
    EXPECT_EQ(render("{{#a}}1{{^b}}2{{/b}}{{/a}}", R"({"a":true,"b":false})"), R"("12")");
    EXPECT_EQ(render("| {{# a }}x{{/ a }} |", R"({"a":true})"), R"("| x |")");
}

TEST(Sections, TakeWhatIsMissingBelowLabelsAndFactsForFalse) {
    constexpr std::string_view kNames =
        R"({"host":{"labels":{"role":"web"},"facts":{"os":{"id":"debian"},"cpus":4}},)"
        R"("peers":[{"name":"a","labels":{}},{"name":"b","labels":{"rack":"7"}}]})";
    EXPECT_EQ(render("{{#host.labels.rack}}a{{/host.labels.rack}}"
                     "{{^host.labels.rack}}b{{/host.labels.rack}}",
                     kNames),
              R"("b")");
    EXPECT_EQ(render("{{^host.facts.gpu.model}}a{{/host.facts.gpu.model}}"
                     "{{^host.facts.cpus.model}}b{{/host.facts.cpus.model}}",
                     kNames),
              R"("ab")");
    EXPECT_EQ(render("{{#peers}}{{name}}{{#labels.rack}}{{.}}{{/labels.rack}}{{/peers}}", kNames),
              R"("ab7")");
    EXPECT_EQ(render("{{#host.labels}}{{role}}{{^rack}}-{{/rack}}{{/host.labels}}", kNames),
              R"("web-")");
    EXPECT_EQ(render_fault("{{#host.label.rack}}{{/host.label.rack}}", kNames).what,
              "'host' has no member 'label': expected one of labels, facts");
}

}  // namespace
}  // namespace evenkeel::templates
