// bench/peer_qt.cpp - QPluginLoader: `load LIST` loads files, `list LIST` reads their metadata
#include <QElapsedTimer>
#include <QJsonObject>
#include <QPluginLoader>
#include <cstdio>
#include <cstring>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char line[4096];
    FILE *in = argc > 2 ? std::fopen(argv[2], "r") : nullptr;
    bool list = argc > 1 && std::strcmp(argv[1], "list") == 0;
    std::size_t count = 0;
    QElapsedTimer timer;
    timer.start();
    while (in && std::fgets(line, sizeof line, in)) {
        line[std::strcspn(line, "\n")] = '\0';
        QPluginLoader *loader = new QPluginLoader(QString::fromLocal8Bit(line));
        if (list ? loader->metaData().isEmpty() : !loader->load())
            _exit(2);
        count++;
    }
    if (list)
        std::printf("first %zu list %lld plan 0\n", count,
                    static_cast<long long>(timer.nsecsElapsed() / 1000));
    std::fflush(stdout);
    _exit(0);
}
