// A scroll area without frame that reaches to the page's edge: its bar takes its room from the
// content's right margin, so that nothing moves when the bar comes and goes.
#pragma once

#include <QScrollArea>

namespace sealift {

class ScrollPane final : public QScrollArea {
  Q_OBJECT

 public:
  // `margin`: the content's right margin while there is no bar; the content needs a layout.
  ScrollPane(QWidget* content, int margin, const QString& name);

 private:
  void fitMargin();

  int margin_;
};

}  // namespace sealift
