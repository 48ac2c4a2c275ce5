#define _GNU_SOURCE
#include <stddef.h>
#include <linux/seccomp.h>
#include <linux/filter.h>
#include <linux/audit.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <unistd.h>
#include <stdlib.h>
#include <signal.h>
static void on(int s){ write(1,"sys\n",4);} 
int main(int c,char**v){
 unsigned ret=strtoul(v[1],0,0);
 struct sock_filter f[]={BPF_STMT(BPF_LD|BPF_W|BPF_ABS,0),BPF_JUMP(BPF_JMP|BPF_JEQ|BPF_K,SYS_mkdir,0,1),BPF_STMT(BPF_RET|BPF_K,ret),BPF_STMT(BPF_RET|BPF_K,SECCOMP_RET_ALLOW)};
 struct sock_fprog p={4,f};
 if(c>2) signal(SIGSYS,on);
 prctl(PR_SET_NO_NEW_PRIVS,1,0,0,0); syscall(SYS_seccomp,SECCOMP_SET_MODE_FILTER,SECCOMP_FILTER_FLAG_LOG,&p);
 mkdir("/tmp/t/dir",0700);
 write(1,"done\n",5);
 return 0;}
