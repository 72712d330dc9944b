// The help: pages of Markdown that are part of the program (resources/help). Plain values; any thread.
#pragma once

#include <QList>
#include <QString>

#include <optional>

namespace sealift {

struct HelpPage {
  QString name;   // of its file, without ".md"
  QString title;  // its first heading
  QString markdown;
};

// All of them: on devices in general first, then the families by title.
QList<HelpPage> helpPages();
std::optional<HelpPage> helpPage(const QString& name);

}  // namespace sealift
