#include "app/services/help_page.h"

#include <QDir>
#include <QFile>

#include <algorithm>

namespace sealift {
namespace {

const QString kFolder = QStringLiteral(":/help/");
const QString kFirst = QStringLiteral("finding-devices");

}  // namespace

std::optional<HelpPage> helpPage(const QString& name) {
  if (!QDir(kFolder).entryList({QStringLiteral("*.md")}).contains(name + QStringLiteral(".md"))) {
    return std::nullopt;
  }
  QFile file(kFolder + name + QStringLiteral(".md"));
  if (!file.open(QIODevice::ReadOnly)) {
    return std::nullopt;
  }
  HelpPage page{name, {}, QString::fromUtf8(file.readAll())};
  const QString heading = page.markdown.section(u'\n', 0, 0);
  page.title = heading.startsWith(QLatin1String("# ")) ? heading.mid(2).trimmed() : name;
  return page;
}

QList<HelpPage> helpPages() {
  QList<HelpPage> pages;
  for (const QString& file : QDir(kFolder).entryList({QStringLiteral("*.md")})) {
    pages << *helpPage(file.chopped(3));
  }
  std::sort(pages.begin(), pages.end(), [](const HelpPage& a, const HelpPage& b) {
    return std::pair(a.name != kFirst, a.title) < std::pair(b.name != kFirst, b.title);
  });
  return pages;
}

}  // namespace sealift
