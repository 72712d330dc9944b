#include "ui/widgets/notes_view.h"

#include "ui/style/theme.h"
#include "ui/style/typography.h"

#include <QTextBlock>
#include <QTextDocument>

namespace sealift {

namespace {
constexpr double kLineHeight = 140.0;  // percent
constexpr double kListIndent = 18.0;
}  // namespace

NotesView::NotesView(QWidget* parent) : QTextBrowser(parent) {
  setOpenLinks(false);
  setOpenExternalLinks(false);
  setUndoRedoEnabled(false);
  setTabChangesFocus(true);
  setFrameShape(QFrame::NoFrame);
  setAccessibleName(tr("Release notes"));
  setFont(textFont(TextStyle::Notes));
  document()->setDocumentMargin(0);
  document()->setIndentWidth(kListIndent);
  viewport()->setAutoFillBackground(false);
  connect(this, &QTextBrowser::anchorClicked, this, [this](const QUrl& url) { Q_EMIT linkChosen(url.toString()); });
}

QVariant NotesView::loadResource(int, const QUrl&) {
  return {};
}

void NotesView::setNotes(const QString& markdown) {
  document()->setMarkdown(
      markdown, QTextDocument::MarkdownFeatures(QTextDocument::MarkdownDialectGitHub) | QTextDocument::MarkdownNoHTML);
  spellOutImages();
  styleBlocks();
  moveCursor(QTextCursor::Start);
}

// An image is never loaded; what stands for it says so.
void NotesView::spellOutImages() {
  QTextCursor cursor(document());
  for (QTextBlock block = document()->begin(); block.isValid(); block = block.next()) {
    for (int position = block.position() + block.length() - 2; position >= block.position(); --position) {
      cursor.setPosition(position);
      cursor.setPosition(position + 1, QTextCursor::KeepAnchor);
      if (cursor.charFormat().isImageFormat()) {
        const QString source = cursor.charFormat().toImageFormat().name();
        cursor.insertText(tr("[image not loaded: %1]").arg(source), QTextCharFormat());
      }
    }
  }
}

void NotesView::styleBlocks() {
  for (QTextBlock block = document()->begin(); block.isValid(); block = block.next()) {
    QTextBlockFormat format = block.blockFormat();
    format.setLineHeight(kLineHeight, QTextBlockFormat::ProportionalHeight);
    const bool heading = format.headingLevel() > 0;
    format.setTopMargin(heading ? space::kL : space::kXs);
    format.setBottomMargin(space::kXs);
    if (block == document()->begin()) {
      format.setTopMargin(0);
    }
    QTextCursor(block).setBlockFormat(format);
    if (heading) {
      styleHeading(block);
    }
  }
}

// Qt sizes headings by steps relative to the font; the program has its own sizes.
void NotesView::styleHeading(const QTextBlock& block) {
  const QFont font = textFont(block.blockFormat().headingLevel() <= 1 ? TextStyle::Title : TextStyle::Lead);
  QList<std::pair<int, int>> parts;
  for (auto it = block.begin(); !it.atEnd(); ++it) {
    parts.append({it.fragment().position(), it.fragment().length()});
  }
  for (const auto& [position, length] : parts) {
    QTextCursor cursor(document());
    cursor.setPosition(position);
    cursor.setPosition(position + length, QTextCursor::KeepAnchor);
    QTextCharFormat format = cursor.charFormat();
    format.clearProperty(QTextFormat::FontSizeAdjustment);
    format.setFont(font, QTextCharFormat::FontPropertiesSpecifiedOnly);
    cursor.setCharFormat(format);
  }
}

}  // namespace sealift
