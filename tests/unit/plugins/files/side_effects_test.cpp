#include "tests/unit/plugins/side_effects.hpp"

namespace evenkeel::plugin {
namespace {

class FilesSideEffects : public SideEffects {
  protected:
    FilesSideEffects() : SideEffects("files") {}
};

TEST_F(FilesSideEffects, ThePlanTellsAllThatTheApplyChanges) {
    check_all({R"({})", R"({"type":"file"})", R"({"type":"symlink"})",
               R"({"type":"symlink","target":"/x"})", R"({"content":"new\n"})",
               R"({"content_base64":"AAEC"})", R"({"owner":"bin"})", R"({"owner":"root"})",
               R"({"group":"tty"})", R"({"mode":"0660"})", R"({"sensitive":true})",
               R"({"content":"new\n","check":["test","-s","%"]})", kAbsent});
}

TEST_F(FilesSideEffects, AttributesAloneDoNotMakeAFileOfALink) {
    write("real", "precious");
    std::filesystem::create_symlink("real", path("lnk"));
    for (const char* description : {R"({"mode":"0644"})", R"({"owner":"daemon"})", "{}"}) {
        EXPECT_TRUE(done("lnk", description, true).starts_with("conflict: ")) << description;
        EXPECT_TRUE(done("lnk", description).starts_with("conflict: ")) << description;
        EXPECT_EQ(std::filesystem::read_symlink(path("lnk")), "real");
    }
    EXPECT_EQ(content("real"), "precious");
    EXPECT_EQ(done("lnk", R"({"type":"file","mode":"0600"})"),
              "/type done;/target done;/content done;/mode done;");
}

}  // namespace
}  // namespace evenkeel::plugin
