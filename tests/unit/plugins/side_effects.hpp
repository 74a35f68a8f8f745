#pragma once

#include <array>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/unit/plugins/acl.hpp"
#include "tests/unit/plugins/bundled.hpp"
#include "tests/unit/plugins/private_mounts.hpp"

// The property that a plan tells everything: each kind of thing is put at the id, each single field
// is described, and all that can be known of the thing, of what it leads to and of its other names
// is compared before and after with what the plan said.
namespace evenkeel::plugin {

// What there is of one object, by the names that changes have; of what has no such name, by its
// own.
using Snapshot = std::map<std::string, std::string>;

inline std::string octal(mode_t mode) {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "%04o", mode & 07777u);
    return text.data();
}

inline void add_attributes(const std::string& path, Snapshot& shot) {
    std::vector<char> names(4096), value(4096);
    const ssize_t length = ::llistxattr(path.c_str(), names.data(), names.size());
    for (ssize_t at = 0; at < length;) {
        const std::string name(names.data() + at);
        at += static_cast<ssize_t>(name.size()) + 1;
        const ssize_t size = ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
        const bool is_acl = name == "system.posix_acl_access";
        // Its mask and the owner's part are in the mode already: the named entry counts.
        shot[is_acl ? "/acl" : name] =
            is_acl ? "there" : std::string(value.data(), static_cast<std::size_t>(size));
    }
}

inline Snapshot snapshot(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return {};
    Snapshot shot{{"/owner", std::to_string(info.st_uid)}, {"/group", std::to_string(info.st_gid)}};
    shot["/type"] = std::to_string(info.st_mode & S_IFMT) + " " + std::to_string(info.st_rdev);
    if (!S_ISLNK(info.st_mode)) shot["/mode"] = octal(info.st_mode);
    if (S_ISLNK(info.st_mode)) shot["/target"] = std::filesystem::read_symlink(path).string();
    if (S_ISREG(info.st_mode)) {
        std::ostringstream text;
        text << std::ifstream(path, std::ios::binary).rdbuf();
        shot["/content"] = text.str();
        if (info.st_nlink > 1) shot["/links"] = std::to_string(info.st_nlink);
    }
    // Those that people set; how the file system stores a thing is its own business.
    constexpr int kFlags = FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL | FS_NOATIME_FL;
    if (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))
        shot["flags"] = std::to_string(test::flags_of(path) & kFlags);
    add_attributes(path, shot);
    return shot;
}

inline std::set<std::string> differing(const Snapshot& before, const Snapshot& after) {
    std::set<std::string> names;
    for (const auto* side : {&before, &after})
        for (const auto& [name, value] : *side) {
            const auto one = before.find(name), other = after.find(name);
            const bool is_flags = name == "flags";
            const std::string none = is_flags ? "0" : "(none)";
            if ((one == before.end() ? none : one->second) !=
                (other == after.end() ? none : other->second))
                names.insert(name.front() == '/' ? name : "/attributes");
        }
    return names;
}

struct KindOfThing {
    const char* name;
    // Puts it at the path; a second path is free for what it leads to or shares.
    std::function<void(const std::string& path, const std::string& beside)> make;
};

constexpr const char* kAbsent = R"({"ensure":"absent"})";

// All that a test of one collection needs: what is put there, and what is described.
class SideEffects : public Bundled {
  protected:
    using Bundled::Bundled;

    // Everything that can lie at a path, in a folder that would hand down its group and an ACL.
    std::vector<KindOfThing> kinds();
    std::vector<KindOfThing> files();
    std::vector<KindOfThing> links_and_directories();

    void check_all(const std::vector<std::string>& descriptions) {
        std::vector<std::vector<std::string>> table{{"what is there"}};
        for (const std::string& description : descriptions) table.front().push_back(description);
        for (const KindOfThing& kind : kinds()) {
            table.push_back({kind.name});
            for (const std::string& description : descriptions)
                table.back().push_back(cell(kind, description));
        }
        print(table);
    }

  private:
    // What the plan said and the apply did: "=" for nothing, else the fields, or the error's code.
    std::string cell(const KindOfThing& kind, const std::string& description) {
        SCOPED_TRACE(std::string(kind.name) + " " + description);
        const std::string folder = "case" + std::to_string(++cases_);
        std::filesystem::create_directory(path(folder));
        EXPECT_EQ(::chown(path(folder).c_str(), 0, 3), 0);
        EXPECT_EQ(::chmod(path(folder).c_str(), 02755), 0);
        EXPECT_TRUE(test::grant_below(path(folder), 65534, 6));
        const std::string id = folder + "/id", beside = path(folder + "/beside");
        kind.make(path(id), beside);
        const Snapshot before = snapshot(path(id)), other = snapshot(beside);

        const Applied planned = change(id, description, true);
        EXPECT_EQ(snapshot(path(id)), before) << "a plan changes nothing";
        const Applied applied = change(id, description, false);
        const Snapshot after = snapshot(path(id));
        const std::string text = compare(planned, applied, before, after);
        // The other name of a hard link and the file that is mounted are the thing itself.
        if (before.count("/links") == 0) {
            const bool is_mounted = mounted_ == path(id);
            EXPECT_TRUE(is_mounted || differing(other, snapshot(beside)).empty());
        }
        if (!applied.error) {
            EXPECT_EQ(told(change(id, description, false)), "") << "a second apply";
        }
        clear(id);
        return text;
    }

    // As the agent does it: `ensure` is its own word.
    Applied change(const std::string& id, const std::string& description, bool dry_run) {
        if (description == kAbsent) return remove(id, dry_run);
        return apply(id, description, dry_run);
    }

    static std::string compare(const Applied& planned, const Applied& applied,
                               const Snapshot& before, const Snapshot& after) {
        if (planned.error) {
            EXPECT_TRUE(applied.error) << told(planned);
            EXPECT_EQ(told(applied), told(planned)) << "the plan has the apply's error";
            EXPECT_EQ(after, before) << "what is refused is left alone";
            return std::string(to_string(planned.error->code));
        }
        EXPECT_FALSE(applied.error) << told(applied);
        std::set<std::string> said;
        std::string text;
        for (const wire::Change& change : planned.changes) {
            said.insert(change.path);
            text += (text.empty() ? "" : " ") + change.path.substr(1);
        }
        if (said.count("/ensure") != 0 && !before.empty()) {
            EXPECT_TRUE(after.empty()) << "it is gone";
            EXPECT_EQ(said.size(), 1u);
        } else if (said.count("/ensure") != 0) {
            expect_new(after, said);
        } else {
            EXPECT_EQ(differing(before, after), said);
        }
        return text.empty() ? "=" : text;
    }

    // A new thing inherits nothing: what is not described is as the collection's page says.
    static void expect_new(const Snapshot& after, const std::set<std::string>& said) {
        for (const auto& [name, value] :
             std::map<std::string, std::string>{{"/owner", "0"}, {"/group", "0"}}) {
            const auto found = after.find(name);
            if (found != after.end() && said.count(name) == 0) {
                EXPECT_EQ(found->second, value) << name;
            }
        }
        if (said.count("/mode") == 0 && after.count("/mode") != 0) {
            EXPECT_TRUE(after.at("/mode") == "0644" || after.at("/mode") == "0755");
        }
        EXPECT_EQ(after.count("/links"), 0u);
        for (const char* inherited : {"/acl", "system.posix_acl_default"})
            EXPECT_EQ(after.count(inherited), 0u) << inherited;
    }

    void clear(const std::string& id) {
        mounts_.unmount();
        mounted_.clear();
        struct stat info {};
        const bool has_flags = ::lstat(path(id).c_str(), &info) == 0 &&
                               (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
        if (has_flags) {
            constexpr int kForbid = FS_IMMUTABLE_FL | FS_APPEND_FL;
            test::set_flags(path(id), test::flags_of(path(id)) & ~kForbid);
        }
    }

    static void print(const std::vector<std::vector<std::string>>& table) {
        for (const auto& row : table) {
            std::cout << "|";
            for (const std::string& text : row) {
                EXPECT_FALSE(text.empty()) << "an empty cell in the row " << row.front();
                std::cout << " " << text << " |";
            }
            std::cout << "\n";
            if (&row != &table.front()) continue;
            for (std::size_t i = 0; i < row.size(); ++i) std::cout << "|---";
            std::cout << "|\n";
        }
    }

    test::PrivateMounts mounts_;
    std::string mounted_;
    int cases_ = 0;
};

// Each without what the folder hands down: an attribute that is there was put there.
inline void put_file(const std::string& path, mode_t mode, uid_t uid) {
    std::ofstream(path) << "old\n";
    ::removexattr(path.c_str(), "system.posix_acl_access");
    EXPECT_EQ(::chown(path.c_str(), uid, uid), 0);
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
}

inline void put_directory(const std::string& path, mode_t mode) {
    EXPECT_EQ(::mkdir(path.c_str(), 0755), 0);
    ::removexattr(path.c_str(), "system.posix_acl_access");
    ::removexattr(path.c_str(), "system.posix_acl_default");
    EXPECT_EQ(::chown(path.c_str(), 1, 1), 0);
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
}

using Path = const std::string&;

inline auto flagged(int flag) {
    return [flag](Path path, Path) {
        put_file(path, 0640, 1);
        test::set_flags(path, test::flags_of(path) | flag);
    };
}

inline auto with_attribute(std::string name, std::string value) {
    return [name = std::move(name), value = std::move(value)](Path path, Path) {
        put_file(path, 0640, 1);
        EXPECT_EQ(::setxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0), 0);
    };
}

inline std::vector<KindOfThing> SideEffects::files() {
    // CAP_NET_BIND_SERVICE, permitted and effective, in the form of version 2.
    const std::string capability("\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    return {
        {"nothing", [](Path, Path) {}},
        {"file", [](Path path, Path) { put_file(path, 0640, 1); }},
        {"setuid and setgid file", [](Path path, Path) { put_file(path, 06755, 0); }},
        {"setuid and setgid file of a user", [](Path path, Path) { put_file(path, 06755, 2); }},
        {"sticky file", [](Path path, Path) { put_file(path, 01644, 1); }},
        {"file with an ACL",
         [](Path path, Path) {
             put_file(path, 0640, 1);
             EXPECT_TRUE(test::grant(path, 65534, 4));
         }},
        {"file with an xattr", with_attribute("user.note", "kept")},
        {"file with capabilities", with_attribute("security.capability", capability)},
        {"file with the flag nodump", flagged(FS_NODUMP_FL)},
        {"immutable file", flagged(FS_IMMUTABLE_FL)},
        {"append-only file", flagged(FS_APPEND_FL)},
        {"hard link",
         [](Path path, Path beside) {
             put_file(beside, 0640, 1);
             EXPECT_EQ(::link(beside.c_str(), path.c_str()), 0);
         }},
        {"mounted file",
         [this](Path path, Path beside) {
             put_file(beside, 0640, 1);
             put_file(path, 0600, 0);
             mounts_.bind(beside, path);
             mounted_ = path;
         }},
        {"file on a read-only mount",
         [this](Path path, Path) {
             put_file(path, 0640, 1);
             mounts_.bind_read_only(std::filesystem::path(path).parent_path(),
                                    std::filesystem::path(path).parent_path());
         }},
    };
}

inline std::vector<KindOfThing> SideEffects::links_and_directories() {
    return {
        {"symlink to a file",
         [](Path path, Path beside) {
             put_file(beside, 0640, 1);
             EXPECT_EQ(::symlink("beside", path.c_str()), 0);
         }},
        {"symlink to a directory",
         [](Path path, Path beside) {
             put_directory(beside, 0750);
             EXPECT_EQ(::symlink("beside", path.c_str()), 0);
         }},
        {"dangling symlink",
         [](Path path, Path) { EXPECT_EQ(::symlink("beside", path.c_str()), 0); }},
        {"directory", [](Path path, Path) { put_directory(path, 0750); }},
        {"setgid and sticky directory", [](Path path, Path) { put_directory(path, 03775); }},
        {"directory with an ACL",
         [](Path path, Path) {
             put_directory(path, 0750);
             EXPECT_TRUE(test::grant(path, 65534, 7));
             EXPECT_TRUE(test::grant_below(path, 65534, 7));
         }},
        {"directory that is not empty",
         [](Path path, Path) {
             put_directory(path, 0750);
             put_file(path + "/inside", 0600, 0);
         }},
        {"immutable directory",
         [](Path path, Path) {
             put_directory(path, 0750);
             test::set_flags(path, test::flags_of(path) | FS_IMMUTABLE_FL);
         }},
        {"mounted directory",
         [this](Path path, Path beside) {
             put_directory(beside, 0750);
             put_directory(path, 0700);
             mounts_.bind(beside, path);
             mounted_ = path;
         }},
        {"pipe", [](Path path, Path) { EXPECT_EQ(::mkfifo(path.c_str(), 0640), 0); }},
        {"device",
         [](Path path, Path) {
             EXPECT_EQ(::mknod(path.c_str(), S_IFCHR | 0640, makedev(1, 3)), 0);
         }},
    };
}

inline std::vector<KindOfThing> SideEffects::kinds() {
    std::vector<KindOfThing> all = files();
    for (KindOfThing& kind : links_and_directories()) all.push_back(std::move(kind));
    return all;
}

}  // namespace evenkeel::plugin
