#include "sdk/tool/validate/elf_file.hpp"

#include <cstring>
#include <optional>

#include <elf.h>

#include "core/base/file.hpp"
#include "core/base/text.hpp"

namespace evenkeel::validate {
namespace {

// The bytes of the file; what lies outside of them reads as nothing.
class Bytes {
  public:
    explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}

    template <typename T>
    std::optional<T> at(std::uint64_t offset) const {
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
        T value;
        std::memcpy(&value, bytes_.data() + offset, sizeof(T));
        return value;
    }
    std::string text(std::uint64_t offset) const {
        if (offset >= bytes_.size()) return {};
        return std::string(bytes_.c_str() + offset);
    }
    std::size_t size() const { return bytes_.size(); }

  private:
    std::string bytes_;
};

class Reader {
  public:
    Reader(const Bytes& bytes, const Elf64_Ehdr& header) : bytes_(bytes), header_(header) {}

    ElfFile read() {
        file_.machine = header_.e_machine;
        file_.is_shared = header_.e_type == ET_DYN;
        file_.is_64_bit = true;
        for (unsigned i = 0; i < header_.e_phnum; ++i) {
            const auto segment = bytes_.at<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr));
            if (segment && segment->p_type == PT_GNU_STACK)
                file_.executable_stack = (segment->p_flags & PF_X) != 0;
        }
        for (unsigned i = 0; i < header_.e_shnum; ++i) {
            const auto section = section_at(i);
            if (!section) continue;
            const auto texts = section_at(section->sh_link);
            const std::uint64_t strings = texts ? texts->sh_offset : bytes_.size();
            if (section->sh_type == SHT_DYNSYM) symbols(*section, strings);
            if (section->sh_type == SHT_DYNAMIC) dynamic(*section, strings);
            if (section->sh_type == SHT_GNU_verneed) versions(*section, strings);
        }
        return std::move(file_);
    }

  private:
    std::optional<Elf64_Shdr> section_at(std::uint64_t index) const {
        return bytes_.at<Elf64_Shdr>(header_.e_shoff + index * sizeof(Elf64_Shdr));
    }
    void symbols(const Elf64_Shdr& section, std::uint64_t strings) {
        for (std::uint64_t at = 0; at < section.sh_size; at += sizeof(Elf64_Sym)) {
            const auto symbol = bytes_.at<Elf64_Sym>(section.sh_offset + at);
            if (!symbol) return;
            const unsigned bind = ELF64_ST_BIND(symbol->st_info);
            if (bind == STB_LOCAL || symbol->st_name == 0) continue;
            const bool defined = symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS;
            file_.symbols.push_back({bytes_.text(strings + symbol->st_name), defined,
                                     bind == STB_WEAK, bind == STB_GNU_UNIQUE});
        }
    }
    void dynamic(const Elf64_Shdr& section, std::uint64_t strings) {
        for (std::uint64_t at = 0; at < section.sh_size; at += sizeof(Elf64_Dyn)) {
            const auto entry = bytes_.at<Elf64_Dyn>(section.sh_offset + at);
            if (!entry || entry->d_tag == DT_NULL) return;
            const std::string text = bytes_.text(strings + entry->d_un.d_val);
            if (entry->d_tag == DT_NEEDED) file_.needed.push_back(text);
            if (entry->d_tag == DT_RPATH || entry->d_tag == DT_RUNPATH)
                for (const std::string& folder : split(text, ':'))
                    file_.search_folders.push_back(folder);
            const bool flagged = entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0;
            file_.text_relocations =
                file_.text_relocations || entry->d_tag == DT_TEXTREL || flagged;
        }
    }
    void versions(const Elf64_Shdr& section, std::uint64_t strings) {
        std::uint64_t at = section.sh_offset;
        for (unsigned i = 0; i < section.sh_info; ++i) {
            const auto need = bytes_.at<Elf64_Verneed>(at);
            if (!need) return;
            std::uint64_t each = at + need->vn_aux;
            for (unsigned k = 0; k < need->vn_cnt; ++k) {
                const auto version = bytes_.at<Elf64_Vernaux>(each);
                if (!version) return;
                file_.versions.push_back(bytes_.text(strings + version->vna_name));
                each += version->vna_next;
            }
            if (need->vn_next == 0) return;
            at += need->vn_next;
        }
    }

    const Bytes& bytes_;
    const Elf64_Ehdr header_;
    ElfFile file_;
};

}  // namespace

bool ElfFile::needs(std::string_view library) const {
    for (const std::string& each : needed)
        if (each.starts_with(library)) return true;
    return false;
}

std::vector<std::string> ElfFile::exports() const {
    std::vector<std::string> names;
    for (const ElfSymbol& symbol : symbols)
        if (symbol.defined) names.push_back(symbol.name);
    return names;
}

Result<ElfFile> read_elf(const std::string& path) {
    constexpr std::size_t kBytesMax = 512u << 20;
    const Bytes bytes(EK_TRY(read_file(path, kBytesMax)));
    const auto header = bytes.at<Elf64_Ehdr>(0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return fail(Errc::invalid, path + " is no ELF file");
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_shentsize != sizeof(Elf64_Shdr))
        return fail(Errc::invalid, path + " is no ELF file of 64 bits");
    return Reader(bytes, *header).read();
}

}  // namespace evenkeel::validate
