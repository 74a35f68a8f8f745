#include "tests/unit/plugins/side_effects.hpp"

namespace evenkeel::plugin {
namespace {

class DirectoriesSideEffects : public SideEffects {
  protected:
    DirectoriesSideEffects() : SideEffects("directories") {}
};

TEST_F(DirectoriesSideEffects, ThePlanTellsAllThatTheApplyChanges) {
    check_all({R"({})", R"({"type":"directory"})", R"({"owner":"bin"})", R"({"owner":"root"})",
               R"({"group":"tty"})", R"({"mode":"0770"})", kAbsent});
}

}  // namespace
}  // namespace evenkeel::plugin
