#define _GNU_SOURCE
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/socket.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <time.h>
#include <poll.h>
#include <stdlib.h>
static void *work(void *p){ struct timespec t={0,20000000}; nanosleep(&t,0); return 0; }
static void on(int s){}
int main(int c,char**v){
  int f=open("/tmp/t/a) = 0, \"q\"<x>\n.txt",O_RDWR|O_CREAT|O_TRUNC,0600);
  write(f,") = 0\n\"x\", \\ {[",14);
#ifndef NO_UNKNOWN
  syscall(500,1,2,3);
#endif
  int s=socket(AF_INET,SOCK_STREAM|SOCK_CLOEXEC,0); close(s);
  s=socket(AF_UNIX,SOCK_DGRAM,0); close(s);
  int sp[2]; socketpair(AF_UNIX,SOCK_STREAM,0,sp);
  struct winsize w; ioctl(0,TIOCGWINSZ,&w);
  personality(0xffffffff);
  prctl(PR_GET_DUMPABLE);
  signal(SIGALRM,on); signal(SIGUSR1,on);
  pthread_t t[2]; for(int i=0;i<2;i++) pthread_create(&t[i],0,work,0);
  for(int i=0;i<2;i++) pthread_join(t[i],0);
  if(!fork()){ kill(getppid(),SIGUSR1); usleep(1000); _exit(3);} 
  alarm(1); struct timespec ts={0,1000}; nanosleep(&ts,0);
  wait(0);
  poll(0,0,5);
  if (c>1){ execl("/bin/true","true",(char*)0);} 
  return 0; }
