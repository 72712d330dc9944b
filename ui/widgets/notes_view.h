// Release notes from Markdown. Nothing that the notes name is ever fetched: no image, no style
// sheet, no link, neither from the network nor from a file. HTML in the notes is shown as text.
#pragma once

#include <QTextBrowser>

namespace sealift {

class NotesView final : public QTextBrowser {
  Q_OBJECT

 public:
  explicit NotesView(QWidget* parent = nullptr);

  void setNotes(const QString& markdown);
  QVariant loadResource(int type, const QUrl& name) override;

 Q_SIGNALS:
  // A link was chosen; it is told, not followed.
  void linkChosen(const QString& address);

 private:
  void spellOutImages();
  void styleBlocks();
  void styleHeading(const QTextBlock& block);
};

}  // namespace sealift
